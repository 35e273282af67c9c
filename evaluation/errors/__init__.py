"""Errors of two parts of the core: its pitch (pitch.py), and what its comb filter leaves (comb.py)."""
