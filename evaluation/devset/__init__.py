"""The development set: voices and noises of the split "dev", which training never heard, out of the corpora that it heard.

devset  the clips, slice by slice
voices  what is read of the dev split
sounds  what is synthesised because no recording holds it
real    recorded pairs and recordings
"""
