"""Trains the finer stage (network/finer.py) behind a trained band network. Resumes by itself; end it at any time.

    python -m training decided --cache CACHE --bands MODEL
    python -m training train-finer --cache CACHE --out RUN --minutes 100

CACHE is of `features --spectra --teacher`. Several processes share one training: torchrun --nproc-per-node 2 -m training train-finer ...
The band network stays as it is; the learning rate follows a cosine over the minutes given.
"""

import argparse
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch.nn import functional

from common.shape import HOP, LOOKAHEAD
from training import manifest
from training.features.shards import Shards
from training.losses.listeners import Pesq, Spectra, Stoi, si_sdr
from training.losses.sound import NARROW_BINS, overlap_add
from training.network.finer import BINS, Finer

# dBFS of voices in the loss.
LEVEL = -26.0
# From the core's unnormalised spectra, whose window has the mean square 1/2, to those of listeners.Spectra.
SCALE = (3 / 8 / HOP) ** 0.5
SILENT = (0, NARROW_BINS - BINS)
# Of what a crop holds.
CONTEXT = 4


class Decided(Shards):
    """Shards with what decided.py wrote beside them: S, N, Y (two frames more), P, context, clean, teacher's and level of each crop."""

    def __init__(self, cache: Path, frames: int, seed: int):
        super().__init__(cache, frames + 2 * LOOKAHEAD, seed, listen=True, teacher=True)

    def load(self, file: Path) -> np.ndarray:
        if not (self.folder.parent / "decided" / file.name).exists():
            raise FileNotFoundError(file)
        return super().load(file)

    def crop(self, file: Path, shard: np.ndarray, number: int, at: int, frames: int) -> tuple:
        def part(folder: str, begin: int, end: int) -> np.ndarray:
            return np.load(self.folder.parent / folder / file.name, mmap_mode="r")[number, begin:end]

        def spectra(x: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(x, np.float32).view(np.complex64)[..., 0]

        time = frames - 2 * LOOKAHEAD
        decided = part("decided", at, at + time)
        heard, clean = (spectra(x.reshape(time, BINS, 2)) for x in (decided[:, : 2 * BINS], decided[:, 2 * BINS : 4 * BINS]))
        noise, context = decided[:, 4 * BINS : 5 * BINS].astype(np.float32), decided[:, 5 * BINS :].astype(np.float32)
        noisy, comb = spectra(part("spectra", at + LOOKAHEAD, at + frames)[:, :, :BINS]).swapaxes(0, 1)
        taught = spectra(part("taught", at + LOOKAHEAD, at + LOOKAHEAD + time)[:, :BINS])
        level = np.float32(10 ** ((LEVEL - shard[number, at, -1].astype(np.float32)) / 20))
        return heard, noise, noisy, comb[:time], context, clean, taught, level


class Loss:
    """Distance of compressed spectra from the clean ones and from the teacher's, and what listeners.py says of the sound."""

    def __init__(self, args):
        self.args, self.spectra, self.pesq, self.stoi = args, Spectra("cpu", args.keep, args.power, args.complex_share), Pesq(), Stoi()

    def __call__(self, net, s, noise, y, p, context, clean, taught, level) -> tuple[torch.Tensor, dict]:
        """Loss and its parts; those with a 0 are without the stage."""
        out = net(s, noise, y, p, context)
        with torch.autocast("cpu", enabled=False):
            # As loud as listeners.Spectra wants voices, its windows' scale.
            level = level.view(-1, 1, 1)
            out, s, clean, taught = (x * level for x in (out, s, clean, taught))

            def distance(x, y):
                return self.spectra.compressed(x * SCALE, y * SCALE).mean((1, 2))

            with torch.no_grad():
                parts = {"clean0": distance(clean, s), "taught0": distance(taught, s)}
            parts |= {"clean": distance(clean, out), "taught": distance(taught, out)}
            loss = self.args.clean_weight * parts["clean"].mean() + self.args.taught_weight * parts["taught"].mean()
            # The sound below 5 kHz, where there is something to compare.
            x, y = overlap_add(functional.pad(clean, SILENT)), overlap_add(functional.pad(out, SILENT))
            spoken = x.square().mean(-1) > 1e-6
            if spoken.any():
                x, y = x[spoken], y[spoken]
                parts |= {"pesq": self.pesq.score(x, y), "stoi": self.stoi.score(x, y), "sdr": si_sdr(x, y)}
                loss = loss - sum(weight * parts[name].mean() for name, weight in self.args.listeners.items())
                if not torch.is_grad_enabled():
                    y = overlap_add(functional.pad(s, SILENT))[spoken]
                    parts |= {"pesq0": self.pesq.score(x, y), "stoi0": self.stoi.score(x, y), "sdr0": si_sdr(x, y)}
        return loss, {name: part.mean().item() for name, part in parts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--steps", type=int, help="end after so many steps, whatever the time: for tests")
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--batch", type=int, default=2, help="sequences a process and step")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--warm-up", type=int, default=300, help="steps in which the rate rises")
    parser.add_argument("--average", type=float, default=0.999, help="decay of the average of the weights, a step")
    parser.add_argument("--power", type=float, default=0.5, help="that compresses spectra")
    parser.add_argument("--complex-share", type=float, default=0.1, help="of the complex distance: where the phase is unknown it asks for less than there is")
    parser.add_argument("--keep", type=float, default=0.5, help="extra weight of magnitudes that are too low")
    parser.add_argument("--clean-weight", type=float, default=4.0, help="of the distance of compressed spectra from the clean ones")
    parser.add_argument("--taught-weight", type=float, default=8.0, help="of the distance from the teacher's")
    parser.add_argument("--pesq-weight", type=float, default=0.005)
    parser.add_argument("--stoi-weight", type=float, default=0.05)
    parser.add_argument("--sdr-weight", type=float, default=0.001, help="of a decibel")
    parser.add_argument("--quantise-from", type=float, default=0.5, help="share of the run from which weights and activations are rounded")
    parser.add_argument("--weights", type=Path, help="checkpoint to begin with")
    parser.add_argument("--save-every", type=int, default=1000, help="steps")
    parser.add_argument("--log-every", type=int, default=100, help="steps")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.listeners = {"pesq": args.pesq_weight, "stoi": args.stoi_weight, "sdr": args.sdr_weight}

    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if world > 1:
        dist.init_process_group("gloo")
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    latest = args.out / "latest.pt"
    shards = Decided(args.cache, args.frames, args.seed + 1000 * rank)
    model = Finer(args.channels, shards.batch(1)[CONTEXT].shape[-1])
    average = Finer(**model.config).requires_grad_(False)
    optimiser = torch.optim.AdamW(
        [{"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 1e-3}, {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0}],
        lr=args.rate, betas=(0.9, 0.98),
    )  # fmt: skip
    step, spent, heard = 0, 0.0, 0.0
    if latest.exists():
        state = torch.load(latest, weights_only=True)
        model.load_state_dict(state["live"])
        average.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent, heard = state["step"], state["spent"], state["heard"]
        shards.rng = np.random.default_rng([args.seed + 1000 * rank, step])
    else:
        if args.weights:
            before = torch.load(args.weights, weights_only=True)
            model.load_state_dict(before["model"])
            heard = before["heard"]
        average.load_state_dict(model.state_dict())
    runner = torch.nn.parallel.DistributedDataParallel(model) if world > 1 else model
    told = Loss(args)
    autocast = {"device_type": "cpu", "dtype": torch.bfloat16, "enabled": torch.cpu._is_avx512_bf16_supported()}
    log = open(args.out / "log.jsonl" if rank == 0 else os.devnull, "a")
    if rank == 0:
        manifest.write(args.out / "manifest.json", settings=vars(args), network=model.config, processes=world)

    def save() -> None:
        if rank:
            return
        torch.save(
            {"model": average.state_dict(), "live": model.state_dict(), "optimiser": optimiser.state_dict(), "config": model.config,
             "step": step, "spent": spent, "heard": heard}, latest.with_suffix(".tmp"),
        )  # fmt: skip
        latest.with_suffix(".tmp").replace(latest)
        with torch.no_grad(), torch.autocast(**autocast):
            _, parts = told(average, *shards.validation("cpu"))
        print("held out:", json.dumps({k: round(v, 5) for k, v in parts.items()}), flush=True)
        log.write(json.dumps({"step": step, "held_out": parts}) + "\n")
        log.flush()

    clock = torch.zeros(1, dtype=torch.float64)

    def together(seconds: float) -> float:
        if world == 1:
            return seconds
        clock.fill_(seconds)
        dist.broadcast(clock, 0)
        return float(clock)

    sums: dict[str, float] = {}
    with ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(shards.batch, args.batch)
        while (done := step / args.steps if args.steps else (spent := together(spent)) / (60 * args.minutes)) < 1:
            for group in optimiser.param_groups:
                group["lr"] = args.rate * min(1.0, (step + 1) / args.warm_up) * max(0.002, 0.5 * (1 + math.cos(math.pi * done)))
            model.quantise = average.quantise = done >= args.quantise_from
            began = time.time()
            batch, ahead = ahead.result(), reader.submit(shards.batch, args.batch)
            with torch.autocast(**autocast):
                loss, parts = told(runner, *batch)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            if torch.isfinite(norm):
                optimiser.step()
            with torch.no_grad():
                decay = min(args.average, (step + 1) / (step + 10))
                for a, b in zip(average.parameters(), model.parameters()):
                    a.lerp_(b, 1 - decay)
            step += 1
            heard += world * args.batch * args.frames / 100
            spent += time.time() - began
            for k, v in {**parts, "norm": float(norm)}.items():
                sums[k] = sums.get(k, 0.0) + v / args.log_every
            if step % args.log_every == 0:
                if rank == 0:
                    entry = {k: round(v, 5) for k, v in sums.items()}
                    entry |= {
                        "step": step,
                        "hours": round(heard / 3600, 2),
                        "speed": round(step * world * args.batch * args.frames / 100 / spent, 1),
                        "minutes_left": round(args.minutes - spent / 60, 1),
                        "shards": len(shards.files),
                    }
                    print(json.dumps(entry), flush=True)
                    log.write(json.dumps(entry) + "\n")
                sums = {}
                reader.submit(shards.scan)
            if step % args.save_every == 0:
                save()
    save()
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
