"""Builds the outside yardstick: pairs at 48 kHz of voices, noises and rooms that no training hears, sliced by what is hard in them.

    python -m evaluation outside --corpus CORPUS --first DATA --out DIR [--seed 1]

CORPUS holds speech/SOURCE and noise/SOURCE (parts and segments.csv); DATA noise.csv, noise-segments.csv, noise/ and real/. What is
read of them says sources.json; a source that is not there is left out, with a line. Writes DIR/clean, DIR/noisy (16 bits, same
names), DIR/recordings (real, without reference) and DIR/metadata.csv; the same seed and data give the same samples.
SNR: level of the speech over that of the noise, each while it is active (20 ms frames within 30 dB of its loudest).
"""

import argparse
import pathlib
import zlib
from collections import defaultdict

import numpy as np
import soundfile as sf
from scipy import signal

from common.rooms import heard
from common.sound import RATE, active_rms, amplitude, at_level
from common.tables import write_rows
from evaluation.devset.real import build_real
from evaluation.outside.corpora import Noises, Voices
from evaluation.outside.noises import STATIONARY, babble, coloured, laid, strewn
from evaluation.outside.rooms import room

SNRS = (-5, 0, 5, 10, 15, 20)
LEVEL = (-35.0, -18.0)  # dBFS of active speech
FLOOR = (-90.0, -78.0)  # dBFS of white noise under the reference: digital silence would be a cue
SECONDS = (6.0, 9.0)
PAUSE = (0.1, 0.5)
TRIALS = 20  # orders of a speaker's utterances, until one fills the clip
ROOMY = 0.3  # of the noises are heard in a room
QUICK = 3  # clips of a slice in the fast part
APART = ("clean", "pairs")  # slices that no mean holds

# slice -> (clips, kinds of noise). Kinds are those of the corpora; the rest is made.
RECORDED = {
    "street": (8, ("traffic_vehicle", "train_metro")),
    "machines": (10, ("aircraft", "fan_hvac_hum_machine")),
    "ambience": (10, ("rain_water", "wind", "thunder", "fire", "bird", "insect_frog", "nature_ambience", "cafe_babble_crowd")),
    "keyboard": (8, ("keyboard",)),
    "impacts": (10, ("glass_impact", "gun_explosion_fireworks", "door", "footsteps", "kitchen_liquid", "construction_tools")),
    "creatures": (8, ("human_nonspeech", "animal", "dog", "baby")),
}
SPARSE = {"keyboard": (0.12, 0.5), "impacts": (0.15, 1.2), "creatures": (0.3, 1.5)}  # seconds between events of these slices
LASTING = 2.5  # seconds at least of a recording of the other ones
TALKERS = {"acted": (10, ("fillets_nl", "0ad_voices")), "stories": (10, ("gasp_stories",)), "learners": (10, ("speechocean762",))}
COUNTS = {"babble": 10, "stationary": 8, "two": 8, "room": 10, "telephone": 6, "hard": 8, "clean": 10}


class Cast:
    """Speakers in turn, and sentences of theirs that were not heard yet."""

    def __init__(self, voices, rng):
        self.voices, self.spent, self.turns = voices, set(), defaultdict(int)
        self.order = {source: self.shuffled(list(speakers), rng) for source, speakers in voices.of.items() if speakers}
        self.sources = [s for third in ("fillets_nl", "asterisk_ru", "0ad_voices") for s in ("gasp_stories", "speechocean762", third) if s in self.order]

    def shuffled(self, speakers, rng):
        """In an order that has every language of a source before it has one again."""
        of = defaultdict(list)
        for i in rng.permutation(len(speakers)):
            of[self.voices.language[speakers[i]]].append(speakers[i])
        ranked = [(turn, language, speaker) for language, own in of.items() for turn, speaker in enumerate(own)]
        return [speaker for *_, speaker in sorted(ranked)]

    def next(self, sources=None):
        sources = [s for s in sources or self.sources if s in self.order]
        key = tuple(sources)
        source = sources[self.turns[key] % len(sources)]
        self.turns[key] += 1
        speaker = self.order[source][self.turns[source] % len(self.order[source])]
        self.turns[source] += 1
        return speaker

    def utterances(self, speaker):
        return self.voices.of[speaker.split("/")[0]][speaker]

    def sentences(self, rng, speaker):
        """(samples, bandwidth): utterances of the speaker with pauses, whole, in 6 to 9 s."""
        own = self.utterances(speaker)
        wanted = rng.uniform(SECONDS[0], SECONDS[1] - 0.5)
        start = rng.uniform(0.2, 0.6)
        best, longest = [], 0.0
        for _ in range(TRIALS):
            chosen, pauses, have = [], [], start
            for i in sorted(rng.permutation(len(own)), key=lambda i: own[i] in self.spent):
                if have < wanted - 0.5 and have + own[i].seconds <= SECONDS[1] - 0.2:
                    chosen.append(own[i])
                    pauses.append(rng.uniform(*PAUSE))
                    have += own[i].seconds + pauses[-1]
            if have > longest:
                best, longest = list(zip(chosen, pauses)), have
            if have >= SECONDS[0] - 0.5:
                break
        self.spent.update(segment for segment, _ in best)
        out = [np.zeros(int(start * RATE))]
        for segment, pause in best:
            out += [at_level(segment.samples().astype(np.float64), -26), np.zeros(int(pause * RATE))]
        bandwidth = max(segment.bandwidth for segment, _ in best)
        return np.concatenate(out), bandwidth

    def voice(self, rng, speaker):
        """A function that gives so many samples of that voice talking without end."""

        def talk(length):
            out = [own[i].samples() for own in [self.utterances(speaker)] for i in rng.permutation(len(own))[:12]]
            x = np.concatenate(out).astype(np.float64)
            return np.roll(np.tile(x, length // len(x) + 1), rng.integers(len(x)))[:length]

        return talk


class Scene:
    """Noise for the slices: recorded groups (source and kind) in turn, or made."""

    def __init__(self, noises, cast, rng):
        self.cast, self.turns = cast, defaultdict(int)
        self.groups = {}
        for name, (_, kinds) in RECORDED.items():
            groups = defaultdict(list)
            for kind in kinds:
                for segment in noises.of.get(kind, ()):
                    if name in SPARSE or segment.seconds >= LASTING:
                        groups[segment.source, kind].append(segment)
            lasting = [groups[key] for key in sorted(groups) if sum(s.seconds for s in groups[key]) > 3]
            self.groups[name] = [lasting[i] for i in rng.permutation(len(lasting))]
        self.kinds = [name for name, groups in self.groups.items() if groups]

    def recorded(self, rng, name, length):
        group = self.groups[name][self.turns[name] % len(self.groups[name])]
        self.turns[name] += 1
        if name in SPARSE and np.median([s.seconds for s in group]) < 4:
            x, used = strewn(rng, group, length, SPARSE[name])
        else:
            x, used = laid(rng, group, length)
        return x, "+".join(sorted({f"{s.source}:{pathlib.PurePath(s.name).stem}" for s in used})[:3])

    def noise(self, rng, name, length, talker):
        """(samples, what it is) of a slice's kind, filtered, sometimes in a room."""
        if name == "babble":
            count = int(rng.integers(3, 9))
            others = [s for s in (self.cast.next() for _ in range(count + 3)) if s != talker]
            return coloured(rng, babble(rng, [self.cast.voice(rng, s) for s in others], length, count)), f"babble of {count}"
        if name == "stationary":
            kind = list(STATIONARY)[self.turns[name] % len(STATIONARY)]
            self.turns[name] += 1
            return STATIONARY[kind](rng, length), kind
        x, what = self.recorded(rng, name, length)
        x = coloured(rng, x)
        if rng.uniform() < ROOMY:
            x = heard(x, room(rng, rng.uniform(0.25, 0.8), rng.uniform(1.0, 4.0))[0])
        return x, what

    def any(self, turn):
        kinds = [*self.kinds, "stationary", "babble"]
        return kinds[turn % len(kinds)]


def telephone(x):
    """Between 300 and 3400 Hz, as 8 kHz has it."""
    x = signal.sosfilt(signal.butter(4, (300, 3400), "band", fs=RATE, output="sos"), x)
    return signal.resample_poly(signal.resample_poly(x, 1, 6), 6, 1)[: len(x)]


def clip(rng, name, turn, cast, scene):
    """(clean, noisy, what there is to say) of the clip `turn` of a slice."""
    snr = -5 if name == "hard" else SNRS[(turn + zlib.crc32(name.encode())) % len(SNRS)]
    speaker = cast.next(TALKERS[name][1] if name in TALKERS else None)
    clean, bandwidth = cast.sentences(rng, speaker)
    length = len(clean)
    floor = rng.normal(size=length) * amplitude(rng.uniform(*FLOOR))
    said = ""
    if name == "room":
        rt60 = rng.uniform(0.3, 0.9)
        whole, early = room(rng, rt60, rng.uniform(0.5, 2.5))
        talk, clean, said = heard(clean, whole), heard(clean, early), f"rt60={rt60:.2f} "
    else:
        talk = clean
    gain = amplitude(rng.uniform(*LEVEL)) / active_rms(clean)
    clean, talk = clean * gain + floor, talk * gain + floor
    if name == "clean":
        noise, what = np.zeros(length), "none"
    else:
        kinds = [name] if name in (*scene.kinds, "babble", "stationary") else [scene.any(turn)]
        if name == "two":
            kinds = [scene.any(turn), scene.any(turn + 1 + turn % 3)]
        parts = [scene.noise(rng, kind, length, speaker) for kind in kinds]
        noise = sum(x / x.std() * amplitude(rng.uniform(-4, 0)) for x, _ in parts)
        what = " & ".join(text for _, text in parts)
        if bandwidth < 12000 and turn % 2:  # the device that gave that speech would have given no more of the noise
            noise = signal.sosfilt(signal.butter(8, max(bandwidth, 3500), fs=RATE, output="sos"), noise)
        noise *= active_rms(clean) * amplitude(-snr) / active_rms(noise)
    noisy = talk + noise
    if name == "telephone":
        clean, noisy = telephone(clean), telephone(noisy)
    scale = min(1.0, 0.97 / max(np.abs(clean).max(), np.abs(noisy).max()))
    said += what
    row = {"slice": name, "snr": "" if name == "clean" else snr, "speaker": speaker, "language": cast.voices.language[speaker], "noise": said}
    return clean * scale, noisy * scale, row


CLIPS = {name: count for name, (count, _) in {**RECORDED, **TALKERS}.items()} | COUNTS


def build(voices, noises, seed, write, clips=CLIPS):
    """Every clip, `clips` of a slice.

    What is drawn in a clip hangs on the seed, the slice and the turn alone; who speaks, which sentences and which noise come in turn
    and hang on the clips before it too.
    """
    rng = np.random.default_rng(seed)
    cast = Cast(voices, rng)
    scene = Scene(noises, cast, rng)
    for name, count in clips.items():
        if (name in RECORDED and name not in scene.kinds) or (name in TALKERS and not any(s in cast.order for s in TALKERS[name][1])):
            print(f"nothing for the slice {name}: left out")
            continue
        chosen = {round(i * (count - 1) / (QUICK - 1)) for i in range(QUICK)}
        for turn in range(count):
            rng = np.random.default_rng((seed, zlib.crc32(name.encode()), turn))
            clean, noisy, row = clip(rng, name, turn, cast, scene)
            write(f"{name}_{turn:02d}_{row['snr']}dB.wav" if row["snr"] != "" else f"{name}_{turn:02d}.wav", clean, noisy, quick=int(turn in chosen), **row)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpus", type=pathlib.Path, required=True, help="folder with speech/SOURCE and noise/SOURCE")
    parser.add_argument("--first", type=pathlib.Path, required=True, help="folder with noise.csv, noise/ and real/")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for folder in ("clean", "noisy", "recordings"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
        for old in (options.out / folder).glob("*.wav"):
            old.unlink()
    rows = []

    def write(name, clean, noisy, **row):
        for folder, samples in (("clean", clean), ("noisy", noisy)):
            sf.write(options.out / folder / name, samples, RATE, subtype="PCM_16")
        rows.append({"file": name, **row, "seconds": round(len(clean) / RATE, 3)})

    voices, noises = Voices(options.corpus), Noises(options.corpus, options.first)
    if missing := [*voices.missing, *noises.missing]:
        print(f"not in {options.corpus}, left out: {', '.join(missing)}")
    build(voices, noises, options.seed, write)
    build_real(options.first, options.out, "pairs", write, quick=0)
    write_rows(options.out / "metadata.csv", ["file", "slice", "snr", "quick", "speaker", "language", "noise", "seconds"], rows)
    print(f"{len(rows)} pairs, {sum(row['seconds'] for row in rows):.0f} s, {sum(row['quick'] for row in rows)} of them quick, in {options.out}")


if __name__ == "__main__":
    main()
