"""Losses: what training makes smaller.

bands        of enhanced bands, from statistics alone: no spectrum is built
sound        the core's way from decisions to sound in PyTorch, differentiable, below 8 kHz
listeners    what measures of listening say of that sound: relatives of PESQ, STOI, SI-SDR; DNSMOS P.808
objective    all of them with their weights, in one number
finer        all of them for a finer stage
"""
