"""Data: recordings, and mixtures of them that are never the same twice.

gather      recordings out of the public sources of sources.csv; sources (clones, packages), recordings (decode, measure, cut, level), doubles (the same
            sound twice) are its parts
pool        any number of folders as one pool of audio: what training may hear, whose it is, how wide, how clean
voices      who speaks in a mixture, and what; whispers
vowels      held for seconds, and laughed
rooms       what it is heard in
synthesis   noises without recordings; music, which has instruments
mixing      all of it together: levels, bandwidths, equalisers -> (noisy, clean)
"""
