"""Runs: `train` learns, `supervise` does everything in one command, `trials` compares; `widen` and `average` make weights of weights.

loop       what every training does: goes on where it was stopped, one process a core or GPU
train      a network on shards
decided    what trained bands make of shards, for the finer stage
train_finer  a finer stage behind trained bands
train_whole  both together, by the sound that they make
supervise  pool, mixtures, training and scores side by side, for days
trials     choices of the loss on a small network: a row of EXPERIMENTS.md each
widen      a larger network with a trained one inside, to begin with
average    the mean of two runs
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# How one step calls another.
STEP = [sys.executable, "-m", "training"]
