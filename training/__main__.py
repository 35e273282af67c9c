"""python -m training STEP ...: the steps of a training as commands."""

from common.commands import run

STEPS = {
    "data": {
        "gather": ("training.data.gather", "recordings out of public repositories and packages, licences checked"),
        "pool": ("training.data.pool", "folders of speech and noise as one pool of audio"),
    },
    "features": {
        "features": ("training.features.make", "mixtures of the pool through the core: shards"),
    },
    "network": {
        "golden": ("training.network.golden", "test vectors of the network into test/golden"),
        "tanh": ("training.network.fit_tanh", "coefficients of the core's tanh"),
    },
    "run": {
        "train": ("training.run.train", "a network on shards"),
        "decided": ("training.run.decided", "what trained bands decide of shards, for the finer stage"),
        "train-finer": ("training.run.train_finer", "a finer stage behind trained bands"),
        "train-whole": ("training.run.train_whole", "bands and the finer stage behind them, together"),
        "supervise": ("training.run.supervise", "all of it in one command that can be stopped and started"),
        "trials": ("training.run.trials", "choices of the loss, compared on a small network"),
        "widen": ("training.run.widen", "a larger network with a trained one inside"),
        "average": ("training.run.average", "the mean of two networks"),
    },
    "export": {
        "export": ("training.export.model_file", "a checkpoint as the library's model file"),
        "decide": ("training.export.decide", "decisions of a checkpoint, before and after rounding"),
    },
}

if __name__ == "__main__":
    run("training", "From folders of speech and noise to a model file, step by step.", STEPS)
