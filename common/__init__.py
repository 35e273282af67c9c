"""What training and evaluation both need, and neither owns: the core under Python, levels, rooms, tables. It imports neither of them.

core, shape   the wasm core with recordings, and its numbers as the build wrote them down
frames        the core's windows, and sound at 16 kHz by its frames
sound         rates, levels, resampling
rooms         images of a talker in a box
whisper       a voice without vocal folds
tables        CSV files
commands      `python -m training`, `python -m evaluation`
checks        their tests as programs
"""
