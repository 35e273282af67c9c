"""Scores of sound: of arrays, of files, and what a voice lost.

score         PESQ, STOI, SI-SDR, DNSMOS of folders of files
metrics       the same and more of arrays: `quick` for one clip, `Judge` for what is asked for
levels        how much of the speech is kept and of the noise left
speech_parts  onsets, fricatives, speech and pauses of a clean recording
harmonics     noise between the harmonics of voiced speech
recogniser    word errors of a small recogniser
tables        names, decimals, means, Markdown
"""
