"""Scores enhanced speech: PESQ-WB, STOI, SI-SDR against a clean reference, DNSMOS P.835 without one.

    python -m evaluation score --clean DIR --set noisy=DIR --set ours=DIR [--dnsmos MODEL.onnx] [--p808 MODEL.onnx] [--harmonics] [--json] [--jobs 2]

Files are matched by name. Without --clean only DNSMOS is computed. A metric that is undefined for a file (PESQ where the
reference holds no speech, SI-SDR where nothing differs) is null there, and the means of all sets leave that file out.
PESQ is P.862.2 and, like STOI and DNSMOS, is computed at 16 kHz; SI-SDR at the reference's rate. --p808 is DNSMOS P.808, one opinion of the whole:
training never hears it (it hears P.835), so it tells whether what that wins is more than that model's taste.
"""

import argparse
import hashlib
import importlib.util
import json
import math
import pathlib
import sys
from collections import defaultdict
from multiprocessing import Pool

import numpy as np
import soundfile as sf
from scipy import signal

from common.commands import named_path
from common.sound import NARROW as RATE
from common.tables import rows_of
from evaluation.scores.tables import TITLES, means

METRICS = ("pesq", "stoi", "sisdr", "between", "sig", "bak", "ovrl", "p808")
DNSMOS_WINDOW = 144160  # samples: 9.01 s
DNSMOS_HOP = 16000
# From the raw SIG, BAK and OVRL of P.835 to opinions, as published with the model: square, slope, offset.
POLYNOMIALS = (
    (-0.08397278, 1.22083953, 0.0052439),
    (-0.13166888, 1.60915514, -0.39604546),
    (-0.06766283, 1.11546468, 0.04602535),
)

session = opinion = None  # of onnxruntime, P.835 and P.808, one per process
between_harmonics = None  # harmonics.Between, one per process


def listener(model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def start(dnsmos, harmonics, p808=None):
    global session, opinion, between_harmonics
    if harmonics:
        from evaluation.scores.harmonics import Between

        between_harmonics = Between()
    session = dnsmos and listener(dnsmos)
    opinion = p808 and listener(p808)


def read(path):
    """Mono samples (mean of the channels) and the rate."""
    samples, rate = sf.read(path, dtype="float64", always_2d=True)
    return samples.mean(axis=1), rate


def at_rate(samples, rate, wanted):
    if rate == wanted or not len(samples):
        return samples
    common = math.gcd(rate, wanted)
    return signal.resample_poly(samples, wanted // common, rate // common)


def si_sdr(reference, estimate):
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019), means removed; None without distortion."""
    reference = reference - reference.mean()
    estimate = estimate - estimate.mean()
    target = reference * (estimate @ reference) / max(reference @ reference, 1e-20)
    error = estimate - target
    if error @ error <= 1e-10 * (target @ target):
        return None
    return 10 * math.log10(max(target @ target, 1e-20) / (error @ error))


def windows(samples):
    """Windows of 9.01 s, a second apart, of samples repeated until there is one."""
    samples = np.tile(samples, math.ceil(DNSMOS_WINDOW / len(samples))).astype(np.float32)
    return [samples[at : at + DNSMOS_WINDOW] for at in range(0, len(samples) - DNSMOS_WINDOW + 1, DNSMOS_HOP)]


def ask(model, sound):
    return model.run(None, {model.get_inputs()[0].name: sound[None]})[0][0]


def p808(samples):
    """MOS of P.808, mean over windows: 120 mel bands, 40 dB a unit below the loudest."""
    import librosa

    scores = []
    for window in windows(samples):
        mel = librosa.feature.melspectrogram(y=window[: 9 * RATE], sr=RATE, n_fft=321, hop_length=160, n_mels=120)
        scores.append(ask(opinion, (librosa.power_to_db(mel, ref=np.max).T[:900] + 40) / 40)[0])
    return float(np.mean(scores))


def dnsmos(samples):
    """SIG, BAK, OVRL of P.835: the model's raw scores through its published polynomials, mean over windows."""
    if not len(samples):
        return None, None, None
    scores = [ask(session, window) for window in windows(samples)]
    return tuple(float(np.mean(a * raw**2 + b * raw + c)) for (a, b, c), raw in zip(POLYNOMIALS, np.array(scores, np.float64).T))


def score(task):
    """One file of one set: {metric: value or None}."""
    clean_path, path = task
    scores: dict[str, float | None] = {}
    samples, rate = read(path)
    if clean_path:
        from pesq import NoUtterancesError, pesq
        from pystoi import stoi

        clean, clean_rate = read(clean_path)
        samples, rate = at_rate(samples, rate, clean_rate), clean_rate
        length = min(len(clean), len(samples))
        clean, samples = clean[:length], samples[:length]
        narrow_clean, narrow = at_rate(clean, rate, RATE), at_rate(samples, rate, RATE)
        try:
            scores["pesq"] = float(pesq(RATE, narrow_clean, narrow, "wb"))
        except (NoUtterancesError, ValueError):
            scores["pesq"] = None
        scores["stoi"] = float(stoi(narrow_clean, narrow, RATE)) if length >= rate // 2 else None
        scores["sisdr"] = si_sdr(clean, samples) if length and np.any(clean) else None
        if between_harmonics:
            scores["between"] = between_harmonics.excess(narrow_clean, narrow, clean_path)
    else:
        narrow = at_rate(samples, rate, RATE)
    if session:
        scores["sig"], scores["bak"], scores["ovrl"] = dnsmos(narrow)
    if opinion and len(narrow):
        scores["p808"] = p808(narrow)
    return {key: None if value is None or math.isnan(value) else round(value, 4) for key, value in scores.items()}


def digest(path):
    return hashlib.sha1(path.read_bytes()).hexdigest()


def score_all(tasks, dnsmos=None, harmonics=False, jobs=2, cache=None, p808=None):
    """Scores of (clean or None, file) in order. `cache` is a JSON file of the scores of files already heard, by content."""
    known = json.loads(cache.read_text()) if cache and cache.exists() else {}
    wanted = f"{'dnsmos ' if dnsmos else ''}{'harmonics' if harmonics else ''}{' p808' if p808 else ''}"
    keys = [" ".join((wanted, digest(clean) if clean else "-", digest(path))) for clean, path in tasks]
    new = {key: task for key, task in zip(keys, tasks, strict=True) if key not in known}
    with Pool(jobs, start, (dnsmos, harmonics, p808)) as pool:
        for done, (key, row) in enumerate(zip(new, pool.imap(score, new.values()), strict=True), 1):
            known[key] = row
            if sys.stderr.isatty():
                print(f"\rscored {done} of {len(new)}", end="", file=sys.stderr)
            if cache and (done % 50 == 0 or done == len(new)):
                cache.write_text(json.dumps(known))
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return [known[key] for key in keys]


def rounded(found):
    return {name: {metric: round(value, 4) for metric, value in values.items()} for name, values in found.items()}


def table(title, rows):
    """Text table: rows of (name, {metric: value})."""
    columns = [m for m in METRICS if any(m in values for _, values in rows)]
    width = max(len(title), *(len(name) for name, _ in rows))
    lines = ["  ".join([title.ljust(width), *(TITLES[m].split(",")[0].removesuffix(" harmonics").rjust(7) for m in columns)])]
    for name, values in rows:
        cells = ["-".rjust(7) if values.get(m) is None else f"{values[m]:7.3f}" for m in columns]
        lines.append("  ".join([name.ljust(width), *cells]))
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clean", type=pathlib.Path, help="folder of references; without it only DNSMOS")
    parser.add_argument("--set", type=named_path, action="append", required=True, dest="sets", metavar="NAME=DIR")
    parser.add_argument("--dnsmos", help="DNSMOS P.835 model (sig_bak_ovr.onnx)")
    parser.add_argument("--p808", help="DNSMOS P.808 model (model_v8.onnx); needs librosa")
    parser.add_argument("--harmonics", action="store_true", help="noise between the harmonics of voiced frames (harmonics.py)")
    parser.add_argument("--metadata", type=pathlib.Path, help="CSV with columns file and slice: means per slice too")
    parser.add_argument("--files", action="store_true", help="print every file's scores")
    parser.add_argument("--json", action="store_true", help="JSON on standard output instead of tables")
    parser.add_argument("--cache", type=pathlib.Path, help="JSON file that remembers scores by the content of files")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not options.clean and not options.dnsmos and not options.p808:
        parser.error("without --clean there is only DNSMOS to compute: give --dnsmos MODEL.onnx")
    if options.p808 and not importlib.util.find_spec("librosa"):
        parser.error("--p808 needs librosa: pip install librosa==0.11.0")

    folders = [folder for _, folder in options.sets] + ([options.clean] if options.clean else [])
    found = [{str(p.relative_to(folder)) for p in folder.rglob("*.wav")} for folder in folders]
    files = sorted(set.intersection(*found))
    if not files:
        sys.exit(f"no .wav file is in all of {', '.join(map(str, folders))}")
    if left_out := len(set.union(*found)) - len(files):
        print(f"{left_out} files are not in every folder and are left out", file=sys.stderr)

    tasks = [(options.clean and options.clean / file, folder / file) for _, folder in options.sets for file in files]
    scores = score_all(tasks, options.dnsmos, options.harmonics, options.jobs, options.cache, options.p808)

    slices = defaultdict(list)
    if options.metadata:
        of = {row["file"]: row["slice"] for row in rows_of(options.metadata)}
        for file in files:
            slices[of.get(file, "other")].append(file)
    rows = {name: dict(zip(files, scores[index * len(files) : (index + 1) * len(files)], strict=True)) for index, (name, _) in enumerate(options.sets)}
    overall = rounded(means(rows, files, METRICS))
    per_slice = {key: rounded(means(rows, members, METRICS)) for key, members in slices.items()}
    sets = {
        name: {
            "mean": overall[name],
            "slices": {key: values[name] for key, values in per_slice.items()},
            "files": rows[name],
        }
        for name in rows
    }
    if options.json:
        json.dump({"files": len(files), "sets": sets}, sys.stdout, indent=1)
        print()
        return
    if options.files:
        for file in files:
            print(table(file, [(name, sets[name]["files"][file]) for name in sets]), end="\n\n")
    for key in slices:
        print(table(key, [(name, sets[name]["slices"][key]) for name in sets]), end="\n\n")
    print(table(f"mean of {len(files)}", [(name, sets[name]["mean"]) for name in sets]))


if __name__ == "__main__":
    main()
