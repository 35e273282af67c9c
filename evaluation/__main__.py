"""python -m evaluation STEP ...: what measures, as commands; `npm run evaluate`, `report`, `ladder` and `ablate` call some of them."""

from common.commands import run

STEPS = {
    "sets of clips": {
        "devset": ("evaluation.devset.devset", "development set: other voices and noises of the training's corpora"),
        "outside": ("evaluation.outside.outside", "outside yardstick: other corpora"),
    },
    "what systems make of them": {
        "hear": ("evaluation.peers.hear", "the outside yardstick through the peers and our networks"),
    },
    "scores": {
        "score": ("evaluation.scores.score", "PESQ, STOI, SI-SDR, DNSMOS of folders"),
        "table": ("evaluation.outside.table", "tables of the outside yardstick"),
        "tell": ("evaluation.outside.tell", "those tables' figures in README.md and the cards"),
        "quick": ("evaluation.outside.quick", "its quick clips alone, a minute of one core"),
        "report": ("evaluation.report.report", "tables of the development set: `npm run report` hears it first"),
        "spectrogram": ("evaluation.report.spectrogram", "pictures of WAV files"),
    },
    "parts of the core": {
        "pitch": ("evaluation.errors.pitch", "gross pitch error against Praat"),
        "comb": ("evaluation.errors.comb", "what the comb filter can take away of the noise in voiced bands"),
    },
}

if __name__ == "__main__":
    run("evaluation", "Builds sets of clips, hears them through systems and scores what comes out.", STEPS)
