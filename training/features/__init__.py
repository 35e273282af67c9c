"""Features: what the core says of mixtures, as shards on disk.

make        mixes and runs the core; writes shards that training reads while more are written
teacher     DeepFilterNet3 on the same mixtures: what `train --taught-weight` follows
columns     the format of a shard
shards      random crops of shards, for training
own_noise   the noise of the recordings themselves, lowered in the targets
"""
