"""Systems over folders of WAV files: hear.py runs them all.

rnnoise.mjs, gtcrn.mjs  RNNoise 0.1 and GTCRN of @sapphi-red/web-noise-suppressor
ours.mjs                a network of ours through the built library
peer.mjs, wav16.mjs     what they share
"""
