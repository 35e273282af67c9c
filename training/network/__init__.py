"""The network, with the int8 arithmetic of the core in its forward pass.

network     layers and rounding
finer       the finer stage behind the bands
gru         its recurrent layer, fast and exact
sparsity    tiles of 16 x 4 weights cut by magnitude, more and more of them during a run
golden      test vectors for the core
fit_tanh    coefficients of the core's tanh
"""
