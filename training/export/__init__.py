"""Export: the library's model file, written and read.

model_file  a checkpoint as int8 tiles of 16 x 4, a scale a row: the format is described there
restore     a model file as the weights to go on from
decide      what a checkpoint decides, as float and with the rounding of the exported file
"""
