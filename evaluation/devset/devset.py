"""Builds the development set: noisy and clean WAV pairs at 48 kHz, sliced by what the noise is.

    python -m evaluation devset --data DATA --out DIR [--seed 1]

DATA holds speech.csv, speech-segments.csv, noise.csv, noise-segments.csv and the folders speech/, noise/ and real/.
Only rows of the split "dev" are read, so no voice and no noise source of training is heard here.
Writes DIR/clean, DIR/noisy (same file names), DIR/recordings (real, without reference) and DIR/metadata.csv.
The same seed and data give the same samples. Mice, dishes, fans and hum are synthesised; whispers are dev voices re-synthesised
by linear prediction from noise, children are women's voices shifted up: no recording of the dev split holds them.

    --profile calls   read speech in everyday places at 2.5 to 17.5 dB instead, like the public sets that papers report
"""

import argparse
import pathlib
from collections import defaultdict

import numpy as np
import soundfile as sf
from scipy import signal

from common.rooms import heard as in_room
from common.sound import RATE, active_rms, amplitude, at_level
from common.tables import write_rows
from evaluation.devset.real import build_real
from evaluation.devset.sounds import dishes, fan, hum, mouse, narrow, shaped_noise, whispered
from evaluation.devset.voices import Listed, babble, median_pitch, recorded, room_response, shortened, utterances

SNRS = (-5, 0, 5, 10, 20)
SPEECH_LEVEL = (-32.0, -22.0)  # dBFS of active speech, drawn per clip
QUIET_LEVEL = -45.0
FLOOR_LEVEL = (-85.0, -72.0)  # noise floor of the clean recording: true silence would be a cue
LENGTH = (6.0, 8.0)  # seconds of a clip

# slice -> kinds of noise.csv; the slices not named here are synthesised
RECORDED = {
    "keyboard": ("keyboard",),
    "traffic": ("traffic_vehicle", "train_metro", "aircraft"),
    "wind": ("wind",),
    "dog": ("dog",),
    "baby": ("baby",),
    "music": ("music",),
    "rain": ("rain_water",),
    "construction": ("construction_tools",),
    "cafe": ("cafe_babble_crowd",),
}
SYNTHETIC = ("babble", "fan", "hum")
# What rooms, headsets and kinds of talkers meet in turn.
EVERYDAY = ("traffic", "keyboard", "cafe", "fan", "rain")
MAN, WOMAN = 165.0, 260.0  # Hz: median pitch below which a voice counts as one
CHILD_SHIFT = 1.25  # of pitch and formants
LOUD_LEVEL = -10.0  # dBFS of active speech: peaks reach full scale
WHISPER_LEVEL = -40.0
TYPING_FROM = 3.0  # seconds: the clips "typing" begin without it


# Scenes of the profile "calls": (source, level in dB) heard at once. A source is kinds of noise.csv or a function's name.
SCENES = {
    "cafe": ((("cafe_babble_crowd",), 0), ("babble", -3), ("fan", -3)),
    "babble": (("babble", 0), ("fan", -6)),
    "traffic": ((("traffic_vehicle",), 0), ("fan", -3)),
    "bus": ((("traffic_vehicle", "train_metro"), 0), ("fan", 3), ("babble", -9)),
    "metro": ((("train_metro",), 0), ("fan", -3), ("babble", -9)),
    "living": ((("music",), 0), (("clock",), -12), ("fan", -3)),
    "office": (("fan", 0), (("keyboard",), -3), ("babble", -9)),
    "square": ((("cafe_babble_crowd", "traffic_vehicle"), 0), (("wind", "bird"), -6), ("fan", -3)),
}
CALL_SNRS = (2.5, 7.5, 12.5, 17.5)
CALL_TILT = 8.0  # dB an octave above 60 Hz, on top of the recordings' own: noise heard inside rooms and vehicles is low
CALL_ACTIVITY = 1.5  # dB between the speech level while talking, which the SNR is of, and that of the whole clip
CALL_LENGTH = (4.0, 6.0)
CALL_PAUSE = (0.05, 0.25)  # read sentences, not words
CALL_SHORTEST = 0.8  # seconds of an utterance


def build_calls(seed, speech, noise, write):
    """Read speech in everyday places at friendly SNRs: like the public sets that papers report."""
    full_band = sorted(file for file, row in speech.rows.items() if row["tier"] == "F1")
    seconds = {f: [s for _, s in speech.segments[f] if s >= CALL_SHORTEST] for f in full_band}
    fluent = [f for f in full_band if sum(seconds[f]) > 60]
    english = [f for f in fluent if "en" == speech.rows[f]["language"][:2] or "english" in speech.rows[f]["language"]]
    clips = [(name, snr) for name in SCENES for snr in CALL_SNRS]
    for turn, (name, snr) in enumerate(clips):
        rng = np.random.default_rng((seed, 1000 + turn))
        length = int(rng.uniform(*CALL_LENGTH) * RATE)
        step = turn + turn // len(CALL_SNRS)  # no voice keeps to one SNR
        file = english[step // 2 % len(english)] if step % 2 else fluent[step // 2 % len(fluent)]
        clean = utterances(rng, speech, file, length, CALL_PAUSE, CALL_SHORTEST)
        clean = at_level(clean, rng.uniform(-30, -22))
        floor = shaped_noise(rng, length, 2.0, 0)
        clean += floor * (amplitude(rng.uniform(*FLOOR_LEVEL)) / floor.std())
        talker = speech.rows[file]["speaker"]
        added, used = np.zeros(length), []
        for source, level in SCENES[name]:
            if source == "babble":
                others = [f for f in full_band if speech.rows[f]["speaker"] != talker]
                chosen = [others[i] for i in rng.permutation(len(others))[: rng.integers(4, 9)]]
                part, label = babble(rng, length, speech, chosen), "babble"
            elif source == "fan":
                part, label = fan(rng, length), "fan"
            else:
                part, label = recorded(rng, noise, source, length, turn)
            added += at_level(part, level)
            used.append(label)
        frequency = np.fft.rfftfreq(length, 1 / RATE)
        tilt = amplitude(-CALL_TILT * np.log2(np.maximum(frequency, 60) / 60)) * (frequency > 30)
        added = np.fft.irfft(np.fft.rfft(added) * tilt, length)
        added *= amplitude(CALL_ACTIVITY - snr) * clean.std() / added.std()
        write(f"{name}_{snr}dB.wav", clean, clean + added, slice=name, snr=snr,
              speaker=talker, language=speech.rows[file]["language"], noise="+".join(used))  # fmt: skip


def build_slices(seed, speech, noise, write):
    """Every kind of noise, room, microphone and talker at every SNR."""
    full_band = sorted(file for file, row in speech.rows.items() if row["tier"] == "F1")
    wide_band = sorted(file for file, row in speech.rows.items() if row["tier"] == "W")
    slices = [(name, snr) for name in (*SYNTHETIC, *RECORDED) for snr in SNRS]
    slices += [(name, snr) for name in ("reverberant", "headset", "quiet") for snr in SNRS]
    slices += [("clean", None)] * 3
    slices += [(name, snr) for name in ("mouse", "dishes", "whispered", "loud", "men", "women", "children") for snr in SNRS]
    slices += [("languages", snr) for snr in (*SNRS, *SNRS)]
    slices += [("typing", snr) for snr in (0, 5, 10) for _ in range(2)]
    pitch = {file: median_pitch(speech, file) for file in full_band}
    groups = {
        "men": [f for f in full_band if 0 < pitch[f] < MAN],
        "women": [f for f in full_band if MAN <= pitch[f] < WOMAN],
    }
    groups["children"] = groups["women"]
    seen = defaultdict(int)
    for turn, (name, snr) in enumerate(slices):
        rng = np.random.default_rng((seed, turn))
        length = int(rng.uniform(*LENGTH) * RATE)
        voices = wide_band if name == "headset" and turn % 2 else groups.get(name) or full_band
        file = voices[(7 * turn + 3 * (turn // 5)) % len(voices)]  # no voice keeps to one SNR
        if name in ("men", "women", "children", "languages"):
            file = voices[seen[name] % len(voices)]
        if name == "children":
            clean = signal.resample_poly(utterances(rng, speech, file, int(length * CHILD_SHIFT)), 100, int(100 * CHILD_SHIFT))
            clean = clean[:length]
        elif name == "typing" and seen[name] % 2:  # the first strokes fall into a pause
            before = utterances(rng, speech, file, int(TYPING_FROM * RATE))
            pause = np.zeros(int(1.2 * RATE), np.float32)
            rest = utterances(rng, speech, file, length - len(before) - len(pause))
            clean = np.concatenate([before, pause, rest])
        else:
            clean = utterances(rng, speech, file, length, *((0.05, 0.2),) if name == "typing" else ())
        if name == "whispered":
            clean = whispered(rng, clean)
        if name == "loud":  # raised voices gain above 1 kHz
            clean = clean + signal.lfilter(*signal.butter(1, 1000, "high", fs=RATE), clean)
        levels = {"quiet": QUIET_LEVEL, "whispered": WHISPER_LEVEL, "loud": LOUD_LEVEL}
        clean = at_level(clean, levels[name] if name in levels else rng.uniform(*SPEECH_LEVEL))
        floor = shaped_noise(rng, length, 2.0, 0)
        heard, source = clean, ""
        if name == "reverberant":
            rt60 = rng.uniform(0.35, 0.9)
            response = room_response(rng, rt60, rng.uniform(1.0, 3.0))
            heard = in_room(clean, response)
            target = in_room(clean, shortened(response, rt60))
            gain = active_rms(clean) / active_rms(target)
            heard, clean = heard * gain, target * gain
            source = f"rt60={rt60:.2f}s "
        hiss = floor * (amplitude(rng.uniform(*FLOOR_LEVEL)) / floor.std())
        if name in ("quiet", "whispered"):
            hiss = hiss * amplitude(-15)
        clean, heard = clean + hiss, heard + hiss
        if name == "clean":
            added = np.zeros(length, np.float32)
        elif name == "babble":
            talker = speech.rows[file]["speaker"]
            others = [f for f in full_band if speech.rows[f]["speaker"] != talker]
            chosen = [others[i] for i in rng.permutation(len(others))[: rng.integers(4, 9)]]
            added = babble(rng, length, speech, chosen)
            source += "+".join(speech.rows[f]["speaker"] for f in chosen)
        elif name in ("fan", "hum", "mouse", "dishes"):
            added = {"fan": fan, "hum": hum, "mouse": mouse, "dishes": dishes}[name](rng, length)
            source += name
        elif name == "typing":
            start = int(TYPING_FROM * RATE)
            strokes, used = recorded(rng, noise, RECORDED["keyboard"], length - start, seen[name])
            added = np.pad(strokes, (start, 0))
            source += used
        elif name in RECORDED:
            added, used = recorded(rng, noise, RECORDED[name], length, turn)
            source += used
        else:  # rooms, headsets and talkers meet every kind in turn
            kind = EVERYDAY[(turn + turn // 5) % 5]
            if kind == "fan":
                added, used = fan(rng, length), "fan"
            else:
                added, used = recorded(rng, noise, RECORDED[kind], length, turn)
            source += used
        if snr is not None:
            added = at_level(added, 20 * np.log10(active_rms(heard)) - snr)
        noisy = heard + added
        if name == "headset":
            clean, noisy = narrow(clean, 16000), narrow(noisy, 16000)
        seen[name] += 1
        label = f"{seen[name]}" if snr is None else f"{snr:+d}dB"
        if name in ("languages", "typing"):
            label = f"{seen[name]}_{label}"
        row = speech.rows[file]
        write(f"{name}_{label}.wav", clean, noisy, slice=name, snr="" if snr is None else snr,
              speaker=row["speaker"], language=row["language"], noise=source)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with speech.csv, noise.csv, ...")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--profile", choices=("slices", "calls"), default="slices")
    parser.add_argument("--rate", type=int, default=RATE, help="sample rate of the files in hertz")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    speech, noise = Listed(options.data, "speech"), Listed(options.data, "noise")
    for folder in ("clean", "noisy"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    metadata = []

    def write(name, clean, noisy, **row):
        peak = max(np.abs(clean).max(), np.abs(noisy).max())
        scale = min(1.0, 0.98 / peak)
        for folder, samples in (("clean", clean), ("noisy", noisy)):
            samples = signal.resample_poly(samples * scale, options.rate, RATE)
            sf.write(options.out / folder / name, samples, options.rate, subtype="PCM_16")
        metadata.append({"file": name, **row, "seconds": round(len(clean) / RATE, 3)})

    if options.profile == "calls":
        build_calls(options.seed, speech, noise, write)
    else:
        build_slices(options.seed, speech, noise, write)
        build_real(options.data, options.out, "real", write)
    write_rows(options.out / "metadata.csv", ["file", "slice", "snr", "speaker", "language", "noise", "seconds"], metadata)
    print(f"{len(metadata)} pairs, {sum(row['seconds'] for row in metadata):.0f} s, in {options.out}")


if __name__ == "__main__":
    main()
