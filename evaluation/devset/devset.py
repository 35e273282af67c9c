"""Builds the development set: noisy and clean WAV pairs at 48 kHz, sliced by what the noise is.

    python training/devset.py --data DATA --out DIR [--seed 1]

DATA holds speech.csv, speech-segments.csv, noise.csv, noise-segments.csv and the folders speech/, noise/ and real/.
Only rows of the split "dev" are read, so no voice and no noise source of training is heard here.
Writes DIR/clean, DIR/noisy (same file names), DIR/recordings (real, without reference) and DIR/metadata.csv.
The same seed and data give the same samples. Mice, dishes, fans and hum are synthesised; whispers are dev voices re-synthesised
by linear prediction from noise, children are women's voices shifted up: no recording of the dev split holds them.

    --profile calls   read speech in everyday places at 2.5 to 17.5 dB instead, like the public sets that papers report
"""

import argparse
import csv
import pathlib
from collections import defaultdict

import numpy as np
import soundfile as sf
from scipy import linalg, signal

RATE = 48000
SNRS = (-5, 0, 5, 10, 20)
SPEECH_LEVEL = (-32.0, -22.0)  # dBFS of active speech, drawn per clip
QUIET_LEVEL = -45.0
FLOOR_LEVEL = (-85.0, -72.0)  # noise floor of the clean recording: true silence would be a cue
PAUSE = (0.2, 0.8)  # seconds between utterances
LENGTH = (6.0, 8.0)  # seconds of a clip
EARLY = 0.020  # seconds of reflections that belong to the target
TARGET_RT60 = 0.2

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


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def decibels(x):
    return 10.0 ** (x / 20.0)


def resampled(samples, rate):
    return signal.resample_poly(samples, RATE, rate).astype(np.float32)


def active_rms(x):
    """RMS over the 20 ms frames less than 30 dB below the loudest one."""
    frames = x[: len(x) // 960 * 960].reshape(-1, 960)
    energy = np.mean(frames.astype(np.float64) ** 2, axis=1)
    return float(np.sqrt(np.mean(energy[energy >= 1e-3 * energy.max()]) + 1e-20))


def at_level(x, dbfs):
    return x * (decibels(dbfs) / active_rms(x))


class Pool:
    """Segments of the dev files of one list, decoded on demand."""

    def __init__(self, data, kind):
        self.folder = data / kind
        self.rows = {row["file"]: row for row in read_csv(data / f"{kind}.csv") if row["split"] == "dev"}
        self.segments = defaultdict(list)
        for row in read_csv(data / f"{kind}-segments.csv"):
            if row["file"] in self.rows:
                self.segments[row["file"]].append((float(row["start_s"]), float(row["seconds"])))
        self.audio = {}

    def segment(self, file, index):
        if file not in self.audio:
            samples, rate = sf.read(self.folder / file, dtype="float32")
            self.audio[file] = samples if rate == RATE else resampled(samples, rate)
        start, seconds = self.segments[file][index]
        first = round(start * RATE)
        return self.audio[file][first : first + round(seconds * RATE)]


def utterances(rng, speech, file, length, pause=PAUSE, shortest=0.0):
    """Utterances of one voice with pauses between them; the last one is never cut."""
    out = np.zeros(length, np.float32)
    order = rng.permutation(len(speech.segments[file]))
    at = int(rng.uniform(0.1, 0.5) * RATE)
    for index in order:
        if speech.segments[file][index][1] < shortest:
            continue
        piece = speech.segment(file, index)
        if at + len(piece) > length - RATE // 10:
            if at > 0.8 * length:
                break
            continue
        out[at : at + len(piece)] += piece
        at += len(piece) + int(rng.uniform(*pause) * RATE)
    return out


def room_response(rng, rt60, distance):
    """Shoebox image method with one absorption, and the distance in metres between talker and microphone."""
    size = rng.uniform((4.0, 3.5, 2.4), (8.0, 6.0, 3.2))
    surface = 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    reflection = np.exp(-0.5 * 0.161 * size.prod() / (surface * rt60))  # Eyring, amplitude
    microphone = size * rng.uniform(0.35, 0.65, 3)
    direction = rng.normal(size=3) * (1, 1, 0.2)
    talker = np.clip(microphone + direction / np.linalg.norm(direction) * distance, 0.3, size - 0.3)
    reach = np.ceil(343.0 * rt60 / (2 * size)).astype(int)
    grids = np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij")
    cells = np.stack([g.ravel() for g in grids], axis=1)
    response = np.zeros(int(rt60 * RATE) + 2048)
    for parity in np.ndindex(2, 2, 2):
        sign = 1 - 2 * np.array(parity)
        offset = sign * talker + 2 * cells * size - microphone
        away = np.linalg.norm(offset, axis=1)
        bounces = np.abs(2 * cells - np.array(parity)).sum(axis=1)
        delay = away / 343.0 * RATE
        keep = delay < len(response) - 1
        whole = delay[keep].astype(int)
        part = delay[keep] - whole
        gain = reflection ** bounces[keep] / away[keep]
        np.add.at(response, whole, gain * (1 - part))
        np.add.at(response, whole + 1, gain * part)
    return response / np.abs(response).max()


def shortened(response, rt60):
    """Direct sound and early reflections as they are, the tail decaying like a room of TARGET_RT60."""
    after = np.maximum(np.arange(len(response)) - np.argmax(np.abs(response)) - EARLY * RATE, 0) / RATE
    return response * decibels(-60.0 * after * np.maximum(1 / TARGET_RT60 - 1 / rt60, 0))


def shaped_noise(rng, length, tilt, peaks):
    """Gaussian noise falling by `tilt` dB an octave above 100 Hz, with a few resonances."""
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    level = -tilt * np.log2(np.maximum(frequency, 100.0) / 100.0)
    for _ in range(peaks):
        centre, width, height = rng.uniform(80, 2500), rng.uniform(0.02, 0.1), rng.uniform(6, 18)
        level += height * np.exp(-0.5 * (np.log2(np.maximum(frequency, 1.0) / centre) / width) ** 2)
    spectrum = np.fft.rfft(rng.normal(size=length)) * decibels(level)
    spectrum[frequency < 30] = 0
    return np.fft.irfft(spectrum, length).astype(np.float32)


def slow_modulation(rng, length, depth):
    points = rng.uniform(1 - depth, 1 + depth, length // (RATE // 2) + 2)
    return np.interp(np.arange(length) / (RATE // 2), np.arange(len(points)), points).astype(np.float32)


def fan(rng, length):
    return shaped_noise(rng, length, rng.uniform(3, 7), 4) * slow_modulation(rng, length, 0.15)


def hum(rng, length):
    base = rng.choice((50.0, 60.0)) * rng.uniform(0.998, 1.002)
    time = np.arange(length) / RATE
    out = np.zeros(length)
    for harmonic in range(1, 41):
        amplitude = harmonic ** -rng.uniform(0.5, 1.2) * (1.6 if harmonic % 2 == 0 else 1.0) * rng.uniform(0.3, 1)
        out += amplitude * np.sin(2 * np.pi * base * harmonic * time + rng.uniform(0, 2 * np.pi))
    hiss = shaped_noise(rng, length, 1.0, 0)
    return (out / out.std() + 0.2 * hiss / hiss.std()).astype(np.float32)


def babble(rng, length, speech, files):
    out = np.zeros(length, np.float32)
    response = room_response(rng, rng.uniform(0.3, 0.6), rng.uniform(2.0, 3.0))
    for file in files:
        voice = np.concatenate([utterances(rng, speech, file, length // 2 + RATE // 2) for _ in range(2)])[:length]
        out += at_level(voice, rng.uniform(-30, -24))
    return signal.fftconvolve(out, response)[:length].astype(np.float32)


def keystrokes(rng, noise, file, length):
    out = np.zeros(length, np.float32)
    at = 0
    while at < length:
        stroke = noise.segment(file, int(rng.integers(len(noise.segments[file]))))[: length - at]
        out[at : at + len(stroke)] += stroke * rng.uniform(0.5, 1.0)
        at += int(rng.uniform(0.09, 0.35) * RATE)
    return out


def recorded(rng, noise, kinds, length, turn):
    """Clips of one file of these kinds, cross-faded into one another; `turn` walks through the files."""
    files = sorted(file for file, row in noise.rows.items() if row["kind"] in kinds)
    file = files[turn % len(files)]
    if noise.rows[file]["kind"] == "keyboard" and len(noise.segments[file]) > 100:
        return keystrokes(rng, noise, file, length), file
    fade = RATE // 20
    ramp = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade).astype(np.float32)
    out = np.zeros(length + 2 * RATE, np.float32)
    at = 0
    first = rng.integers(len(noise.segments[file]))
    while at < length:
        piece = noise.segment(file, int(first % len(noise.segments[file]))).copy()
        first += 1
        if len(piece) > length:
            start = rng.integers(len(piece) - length + 1)
            piece = piece[start : start + length].copy()
        piece[:fade] *= ramp
        piece[-fade:] *= ramp[::-1]
        piece = piece[: len(out) - at]
        out[at : at + len(piece)] += piece
        at += max(len(piece) - fade, 1)
    return out[:length], file


def rung(rng, length, gap, count, band, decay):
    """Struck things: bursts of `count` decaying modes in a band of hertz, `gap` seconds apart."""
    out = np.zeros(length)
    at = 0
    while at < length:
        reach = min(int(8 * decay[1] * RATE), length - at)
        time = np.arange(reach) / RATE
        for _ in range(count):
            hertz = np.exp(rng.uniform(*np.log(band)))
            tone = np.exp(-time / rng.uniform(*decay)) * np.sin(2 * np.pi * hertz * time + rng.uniform(0, 2 * np.pi))
            out[at : at + reach] += rng.uniform(0.2, 1) * tone
        at += int(rng.uniform(*gap) * RATE)
    return out.astype(np.float32)


def mouse(rng, length):
    """Press and release, each a few milliseconds."""
    clicks = rung(rng, length, (0.3, 0.9), 12, (1500, 9000), (0.0008, 0.004))
    delay = int(rng.uniform(0.07, 0.12) * RATE)
    return clicks + 0.6 * np.pad(clicks, (delay, 0))[:length]


def dishes(rng, length):
    clinks = rung(rng, length, (0.1, 0.7), 8, (1200, 10000), (0.01, 0.12))
    return clinks + 0.02 * clinks.std() * shaped_noise(rng, length, 3.0, 2)


def whispered(rng, x, order=48):
    """The vocal tract of each 20 ms driven by noise; voicing's low frequencies are missing, as in a whisper."""
    size, hop = RATE // 50, RATE // 100
    window = signal.windows.hann(size, sym=False)
    out = np.zeros(len(x) + size)
    for at in range(0, len(x) - size, hop):
        frame = x[at : at + size] * window
        power = np.correlate(frame, frame, "full")[size - 1 : size + order]
        if power[0] < 1e-9:
            continue
        power[0] *= 1.0001
        tract = linalg.solve_toeplitz(power[:-1], power[1:])
        noise = signal.lfilter([1], np.concatenate([[1], -tract]), rng.normal(size=2 * size))[size:] * window
        out[at : at + size] += noise * np.sqrt(np.sum(frame**2) / np.sum(noise**2))
    return signal.lfilter(*signal.butter(1, 700, "high", fs=RATE), out)[: len(x)].astype(np.float32)


def median_pitch(speech, file):
    """Hertz, by autocorrelation of the 40 ms frames of the first 20 utterances that repeat themselves best."""
    found = []
    for index in range(min(20, len(speech.segments[file]))):
        x = signal.resample_poly(speech.segment(file, index), 1, 6)
        for at in range(0, len(x) - 320, 160):
            frame = x[at : at + 320] - x[at : at + 320].mean()
            power = np.correlate(frame, frame, "full")[319:] / np.arange(320, 0, -1)
            lag = 16 + int(np.argmax(power[16:134]))
            if power[lag] > 0.7 * power[0] > 1e-7:
                found.append(8000 / lag)
    return float(np.median(found)) if found else 0.0


def narrow(x, rate):
    """The signal as a device of that sample rate would have given it."""
    return signal.resample_poly(signal.resample_poly(x, rate, RATE), RATE, rate)[: len(x)].astype(np.float32)


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
        clean += floor * (decibels(rng.uniform(*FLOOR_LEVEL)) / floor.std())
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
        tilt = decibels(-CALL_TILT * np.log2(np.maximum(frequency, 60) / 60)) * (frequency > 30)
        added = np.fft.irfft(np.fft.rfft(added) * tilt, length)
        added *= decibels(CALL_ACTIVITY - snr) * clean.std() / added.std()
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
            heard = signal.fftconvolve(clean, response)[:length]
            target = signal.fftconvolve(clean, shortened(response, rt60))[:length]
            gain = active_rms(clean) / active_rms(target)
            heard, clean = heard * gain, target * gain
            source = f"rt60={rt60:.2f}s "
        hiss = floor * (decibels(rng.uniform(*FLOOR_LEVEL)) / floor.std())
        if name in ("quiet", "whispered"):
            hiss = hiss * decibels(-15)
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


def build_real(data, out, write):
    """The recorded pairs, and the recordings without a reference."""
    pairs = data / "real" / "pairs"
    for path in sorted((pairs / "clean").glob("*")) if pairs.is_dir() else ():
        pair = []
        for folder in ("clean", "noisy"):
            samples, rate = sf.read(next((pairs / folder).glob(f"{path.stem}.*")), dtype="float32")
            pair.append(samples if rate == RATE else resampled(samples, rate))
        write(f"real_{path.stem}.wav", *pair, slice="real", snr="", speaker="", language="", noise="recorded pair")
    recordings = data / "real" / "recordings"
    (out / "recordings").mkdir(exist_ok=True)
    for path in sorted(recordings.glob("*")) if recordings.is_dir() else ():
        samples, rate = sf.read(path, dtype="float32")
        samples = samples if rate == RATE else resampled(samples, rate)
        sf.write(out / "recordings" / f"{path.stem}.wav", np.clip(samples, -1, 1), RATE, subtype="PCM_16")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with speech.csv, noise.csv, ...")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--profile", choices=("slices", "calls"), default="slices")
    parser.add_argument("--rate", type=int, default=RATE, help="sample rate of the files in hertz")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    speech, noise = Pool(options.data, "speech"), Pool(options.data, "noise")
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
        build_real(options.data, options.out, write)
    with open(options.out / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["file", "slice", "snr", "speaker", "language", "noise", "seconds"])
        writer.writeheader()
        writer.writerows(metadata)
    print(f"{len(metadata)} pairs, {sum(row['seconds'] for row in metadata):.0f} s, in {options.out}")


if __name__ == "__main__":
    main()
