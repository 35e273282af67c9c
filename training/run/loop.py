"""The loop of every training: processes, rate, average of the weights, checkpoints, log. train.py and train_finer.py say what is learnt by which loss.

A run resumes by itself from OUT/latest.pt; end it at any time. Several processes share one: torchrun --nproc-per-node 2 -m training STEP ...
(DDP: nccl, a GPU each; gloo without GPUs). The rate follows a cosine over the minutes or steps given, so a run always ends at its best.
"""

import argparse
import hashlib
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from training import manifest
from training.features.shards import Shards


def add_options(parser: argparse.ArgumentParser, **defaults) -> None:
    """The options that every training has; `defaults` of those whose best value depends on what is trained: batch, frames, warm_up, average, save_every, quantise_from."""
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="checkpoint or model file whose weights to begin with")
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--steps", type=int, help="end after so many steps, whatever the time: for comparisons")
    parser.add_argument("--batch", type=int, help="sequences a process and step")
    parser.add_argument("--frames", type=int, help="of a sequence")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--warm-up", type=int, help="steps in which the rate rises")
    parser.add_argument("--clip", type=float, default=1.0, help="longest gradient of a step")
    parser.add_argument("--average", type=float, help="decay of the average of the weights, a step")
    parser.add_argument("--quantise-from", type=float, help="share of the run from which weights and activations are rounded")
    parser.add_argument("--save-every", type=int, help="steps")
    parser.add_argument("--log-every", type=int, default=100, help="steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.set_defaults(**defaults)


def rounding_pays(device: torch.device) -> bool:
    """Whether products in bf16 are faster than in float32: on a GPU; on a CPU with instructions for them it is measured, as some do them slower."""
    if device.type == "cuda":
        return True
    if not torch.cpu._is_avx512_bf16_supported():
        return False

    def seconds(dtype: torch.dtype) -> float:
        # One step of a recurrence.
        state, weights = torch.zeros(16, 256, dtype=dtype), torch.zeros(256, 768, dtype=dtype)
        took = []
        for _ in range(100):
            began = time.perf_counter()
            state @ weights
            took.append(time.perf_counter() - began)
        return sorted(took)[len(took) // 4]

    return seconds(torch.bfloat16) < seconds(torch.float32)


class Run:
    """One training, as one process of it sees it. In order: Run(args), begin(network), learn(shards). A kind of training fills in loss() and, where it has to, the three after it."""

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer

    def __init__(self, args: argparse.Namespace):
        """Processes, device and seed: before any weight is drawn."""
        self.args = args
        self.rank, self.world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        cuda = torch.cuda.is_available()
        self.device = torch.device(f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if cuda else "cpu")
        if self.world > 1:
            dist.init_process_group("nccl" if cuda else "gloo")
        self.rounding = rounding_pays(self.device)
        torch.manual_seed(args.seed)
        self.clock = torch.zeros(1, dtype=torch.float64, device=self.device)
        args.out.mkdir(parents=True, exist_ok=True)
        self.latest = args.out / "latest.pt"
        # What a run that goes on begins with is history.
        self.weights: Path | None = None if self.latest.exists() else args.weights
        # Steps, seconds of training, seconds of sound.
        self.step, self.spent, self.heard = 0, 0.0, 0.0
        self.saved: int | None = None

    def loss(self, network: nn.Module, batch: list[Tensor]) -> tuple[Tensor, dict[str, float]]:
        """What a step makes smaller, and its parts for the log."""
        raise NotImplementedError

    def stepped(self, done: float) -> None:
        """After the weights have changed; `done` is the share of the run that is over."""

    def averaged(self) -> None:
        """Before the average is written."""

    def told(self) -> dict[str, float]:
        """What the log says besides."""
        return {}

    def begin(self, network: nn.Module, weights: dict[str, Tensor] | None = None, heard: float = 0.0) -> None:
        """Goes on from latest.pt; where that is not there, from `weights` (a state dict), which have heard so many seconds."""
        self.network = network.to(self.device)
        self.average = type(network)(**network.config).to(self.device).requires_grad_(False)
        decayed = [p for p in network.parameters() if p.dim() > 1]
        plain = [p for p in network.parameters() if p.dim() <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 1e-3}, {"params": plain, "weight_decay": 0.0}], lr=self.args.rate, betas=(0.9, 0.98)
        )
        if self.latest.exists():
            state = torch.load(self.latest, map_location=self.device, weights_only=True)
            network.load_state_dict(state["live"])
            self.average.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.spent, self.heard = state["step"], state["spent"], state["heard"]
            self.saved = self.step
            return
        if weights:
            network.load_state_dict(weights)
            self.heard = heard
        self.average.load_state_dict(network.state_dict())

    def done(self) -> float:
        """The share of the run that is over. By rank 0's clock: the rate and the end must be the same everywhere."""
        if self.args.steps:
            return self.step / self.args.steps
        if self.world > 1:
            self.clock.fill_(self.spent)
            dist.broadcast(self.clock, 0)
            self.spent = float(self.clock)
        return self.spent / (60 * self.args.minutes)

    def learn(self, shards: Shards) -> None:
        """Until the minutes or steps are over."""
        args, began = self.args, time.time()
        if self.step:
            # Other crops than those of the steps before.
            shards.rng = np.random.default_rng([args.seed + 1000 * self.rank, self.step])
        runner = nn.parallel.DistributedDataParallel(self.network) if self.world > 1 else self.network
        if self.rank == 0:
            data = args.cache / "manifest.json"
            manifest.write(args.out / "manifest.json", settings=vars(args), network=self.network.config, processes=self.world,
                           shards=[file.name for file in shards.files],
                           features=hashlib.sha256(data.read_bytes()).hexdigest() if data.exists() else None)  # fmt: skip
        sums: dict[str, float] = {}
        with ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(shards.batch, args.batch)
            while (done := self.done()) < 1:
                rate = args.rate * min(1.0, (self.step + 1) / args.warm_up) * max(0.002, 0.5 * (1 + math.cos(math.pi * done)))
                for group in self.optimiser.param_groups:
                    group["lr"] = rate
                self.network.quantise = self.average.quantise = done >= args.quantise_from
                if not self.step and self.weights:
                    self.validate(shards)
                start = time.time()
                batch, ahead = [tensor.to(self.device) for tensor in ahead.result()], reader.submit(shards.batch, args.batch)
                parts = self.learn_from(batch, runner, done)
                self.spent += time.time() - start
                for name, value in parts.items():
                    sums[name] = sums.get(name, 0.0) + value
                if self.step % args.log_every == 0:
                    reader.submit(shards.scan).result()
                    means = {name: round(value / args.log_every, 5) for name, value in sums.items()}
                    self.log({**means, "rate": rate, **self.progress(done), **self.told(), "shards": len(shards.files)})
                    sums = {}
                if self.step % args.save_every == 0:
                    self.save(shards)
        if self.saved != self.step:
            self.save(shards)
        if self.rank == 0:
            print(f"done: {self.step} steps, {self.heard / 3600:.1f} h of audio, {(time.time() - began) / 60:.1f} min", flush=True)
        if self.world > 1:
            dist.destroy_process_group()

    def learn_from(self, batch: list[Tensor], runner: nn.Module, done: float) -> dict[str, float]:
        """One step; the loss's parts and the length of the gradient."""
        args = self.args
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.rounding):
            loss, parts = self.loss(runner, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), args.clip)
        if torch.isfinite(norm):
            self.optimiser.step()
            self.stepped(done)
        with torch.no_grad():
            decay = min(args.average, (self.step + 1) / (self.step + 10))
            for a, b in zip(self.average.parameters(), self.network.parameters()):
                a.lerp_(b, 1 - decay)
        self.step += 1
        self.heard += self.world * args.batch * args.frames / 100
        return {**parts, "norm": float(norm)}

    def progress(self, done: float) -> dict[str, float]:
        """Hours of sound, minutes left, and seconds of sound that a second takes in."""
        args, now = self.args, self.step * self.world * self.args.batch * self.args.frames / 100
        left = self.spent / max(done, 1e-9) - self.spent if args.steps else 60 * args.minutes - self.spent
        return {"hours": round(self.heard / 3600, 2), "minutes_left": round(left / 60, 1), "speed": round(now / max(1e-9, self.spent), 1)}

    def save(self, shards: Shards) -> None:
        """Writes latest.pt, and what the average makes of the held-out shard into the log. One process does; the others have nothing to say."""
        self.saved = self.step
        if self.rank:
            return
        self.averaged()
        card = {
            "hours_heard": round(self.heard / 3600, 1),
            "steps": self.step,
            "settings": {k: v for k, v in vars(self.args).items() if not isinstance(v, Path)},
        }
        torch.save(
            {"model": self.average.state_dict(), "live": self.network.state_dict(), "optimiser": self.optimiser.state_dict(),
             "config": self.network.config, "card": card, "step": self.step, "spent": self.spent, "heard": self.heard},
            self.latest.with_suffix(".tmp"),
        )  # fmt: skip
        self.latest.with_suffix(".tmp").replace(self.latest)
        self.validate(shards)

    def validate(self, shards: Shards) -> None:
        if self.rank:
            return
        self.average.eval()
        with torch.no_grad():
            _, parts = self.loss(self.average, shards.validation(self.device))
        self.log({"held_out": parts})

    def log(self, entry: dict) -> None:
        if self.rank:
            return
        line = json.dumps({"step": self.step, **entry})
        print(line, flush=True)
        with open(self.args.out / "log.jsonl", "a") as log:
            log.write(line + "\n")
