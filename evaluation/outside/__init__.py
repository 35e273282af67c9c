"""The outside yardstick: corpora, noises and rooms that no training of ours touches. ../README.md is its page.

outside  the clips
corpora  what is read, of the sources in sources.json
noises   recordings laid and strewn, generators
rooms    its own rooms
table    scores of systems, in tables
quick    three clips of a slice, for use while a network trains
"""
