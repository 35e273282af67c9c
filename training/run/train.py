"""Trains a network on feature shards. Resumes by itself; end it at any time.

    python -m training train --cache CACHE --out RUN --minutes 100 [--units 256]

Several processes share one training: torchrun --nproc-per-node 2 -m training train ... (DDP, gloo or nccl).
The learning rate follows a cosine over the minutes or steps given, so a run always ends at its best.

With --listen the finished sound is scored as well (losses/sound.py, losses/listeners.py), for the last run of a network:
python -m training train --listen --cache CACHE --out RUN --weights BEFORE --batch 6 --frames 904 --rate 2e-4 ...
"""

import argparse
import hashlib
import json
import math
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist

from training import manifest
from training.export.restore import checkpoint
from training.features.shards import Shards
from training.losses.objective import Listeners, total_loss
from training.network.network import PercepNet
from training.network.sparsity import DENSITY, BlockSparsity

# Masks move every so many steps.
SPARSE_EVERY = 20


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--steps", type=int, help="end after so many steps, whatever the time: for comparisons")
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--strength-units", type=int, default=128)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--frames", type=int, default=202)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--warm-up", type=int, default=200, help="steps in which the rate rises")
    parser.add_argument("--clip", type=float, default=1.0, help="longest gradient of a step")
    parser.add_argument("--average", type=float, default=0.998, help="decay of the average of the weights, a step")
    parser.add_argument("--save-every", type=int, default=500, help="steps")
    parser.add_argument("--power", type=float, default=0.3)
    parser.add_argument("--complex-share", type=float, default=0.4)
    parser.add_argument("--keep", type=float, default=0.3, help="extra weight of magnitudes that are too low")
    parser.add_argument("--resolutions", type=int, nargs="*", default=[], help="frames over which energies are compared as well, such as 2 4 8")
    parser.add_argument("--spectrum-weight", type=float, default=1.0)
    parser.add_argument("--gain-loss", choices=("paper", "follow-up"), default="paper")
    parser.add_argument("--gain-weight", type=float, default=0.03)
    parser.add_argument("--strength-weight", type=float, default=0.06)
    parser.add_argument("--speech-weight", type=float, default=0.02)
    parser.add_argument("--lower-own-noise", action="store_true", help="targets of noisy voices with a lower floor (features/own_noise.py)")
    parser.add_argument("--teacher", type=Path, help="checkpoint or model file of a larger network to learn from")
    parser.add_argument("--teacher-weight", type=float, default=0.1)
    parser.add_argument("--listen", action="store_true", help="score the finished sound too (losses/listeners.py); needs a cache with --spectra")
    parser.add_argument("--sound-weight", type=float, default=1.0, help="of the distance of compressed spectra of the finished sound")
    parser.add_argument("--taught-weight", type=float, default=0.0, help="of the distance from the teacher's sound; needs a cache with --teacher")
    parser.add_argument(
        "--taught-bands-weight", type=float, default=0.0, help="of the distance from the energies of the teacher's bands, in tens of dB squared"
    )
    parser.add_argument("--filters", action=argparse.BooleanOptionalAction, default=False, help="the filters behind the network in the finished sound")
    parser.add_argument("--pesq-weight", type=float, default=0.0)
    parser.add_argument("--stoi-weight", type=float, default=0.0)
    parser.add_argument("--sdr-weight", type=float, default=0.0, help="of a decibel")
    parser.add_argument("--dnsmos", type=Path, help="DNSMOS P.835 model (sig_bak_ovr.onnx); the one of speechmos by default")
    parser.add_argument("--dnsmos-weight", type=float, default=0.0, help="of its OVRL")
    parser.add_argument("--dnsmos-clips", type=int, default=4, help="sequences of a batch that it hears: it takes longest")
    parser.add_argument("--post-filter", action=argparse.BooleanOptionalAction, default=False, help="of the article, in the loss of bands")
    parser.add_argument("--sparse", choices=sorted(DENSITY), help="grow block sparsity to these densities")
    parser.add_argument("--sparse-span", type=float, nargs=2, default=(0.02, 0.5), metavar=("FROM", "TO"),
                        help="shares of the run between which tiles are cut; 0 0 keeps the tiles of weights that are sparse already")  # fmt: skip
    parser.add_argument("--quantise-from", type=float, default=0.6, help="share of the run from which weights and activations are rounded")
    parser.add_argument("--weights", type=Path, help="checkpoint or model file whose weights to begin with")
    parser.add_argument("--log-every", type=int, default=100, help="steps")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if (args.taught_weight or args.taught_bands_weight) and not args.listen:
        parser.error("--taught-weight and --taught-bands-weight need --listen: the teacher is heard")
    return args


def main() -> None:
    args = options()
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    cuda = torch.cuda.is_available()
    device = torch.device(f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if cuda else "cpu")
    if world > 1:
        dist.init_process_group("nccl" if cuda else "gloo")
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)

    model = PercepNet(args.units, args.units, args.units, args.strength_units).to(device)
    average = PercepNet(**model.config).to(device).requires_grad_(False)
    average.load_state_dict(model.state_dict())
    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 1e-3}, {"params": plain, "weight_decay": 0.0}], lr=args.rate, betas=(0.9, 0.98))
    step, spent, heard = 0, 0.0, 0.0
    latest = args.out / "latest.pt"
    if latest.exists():
        state = torch.load(latest, map_location=device, weights_only=False)
        model.load_state_dict(state["live"])
        average.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent, heard = state["step"], state["spent"], state["heard"]
    shards = Shards(
        args.cache,
        args.frames,
        args.seed + 1000 * rank + step,
        args.lower_own_noise,
        listen=args.listen,
        teacher=args.taught_weight + args.taught_bands_weight > 0,
    )
    listeners = Listeners(args, device) if args.listen else None
    if not step and args.weights:
        weights = checkpoint(args.weights, device)["model"]
        model.load_state_dict(weights)
        average.load_state_dict(weights)
    teacher = None
    if args.teacher:
        state = checkpoint(args.teacher, device)
        teacher = PercepNet(**state["config"]).to(device).requires_grad_(False)
        teacher.load_state_dict(state["model"])
        teacher.quantise = args.teacher.suffix == ".safetensors"
    runner = torch.nn.parallel.DistributedDataParallel(model) if world > 1 else model

    sparsity = BlockSparsity(model, DENSITY[args.sparse]) if args.sparse else None

    def sparse_progress(done: float) -> float:
        begin, end = args.sparse_span
        return (done - begin) / (end - begin) if end > begin else 1.0

    if sparsity:
        sparsity.update(model, sparse_progress(step / args.steps if args.steps else spent / (60 * args.minutes)))

    # One process writes; the others have nothing to say.
    log = open(args.out / "log.jsonl" if rank == 0 else os.devnull, "a")
    if rank == 0:
        data = args.cache / "manifest.json"
        manifest.write(args.out / "manifest.json", settings=vars(args), network=model.config, processes=world,
                       shards=[file.name for file in shards.files],
                       features=hashlib.sha256(data.read_bytes()).hexdigest() if data.exists() else None)  # fmt: skip
    budget = 60 * args.minutes
    sums: dict[str, float] = {}
    began = time.time()

    def save() -> None:
        if rank:
            return
        if sparsity:
            sparsity.apply(average)
        hours = heard / 3600
        card = {"hours_heard": round(hours, 1), "steps": step, "settings": {k: v for k, v in vars(args).items() if not isinstance(v, Path)}}
        torch.save(
            {"model": average.state_dict(), "live": model.state_dict(), "optimiser": optimiser.state_dict(),
             "config": model.config, "card": card, "step": step, "spent": spent, "heard": heard},
            latest.with_suffix(".tmp"),
        )  # fmt: skip
        latest.with_suffix(".tmp").replace(latest)

    def validate() -> None:
        if rank:
            return
        rows, *audible = shards.validation(device)
        average.eval()
        with torch.no_grad():
            _, parts = total_loss(average, rows, args, teacher, listeners, audible)
        print("held out:", json.dumps({k: round(v, 5) for k, v in parts.items()}), flush=True)
        log.write(json.dumps({"step": step, "held_out": parts}) + "\n")

    clock = torch.zeros(1, dtype=torch.float64, device=device)

    def together(seconds: float) -> float:
        """Rank 0's clock: the learning rate and the end must be the same everywhere."""
        if world == 1:
            return seconds
        clock.fill_(seconds)
        dist.broadcast(clock, 0)
        return float(clock)

    while (done := step / args.steps if args.steps else (spent := together(spent)) / budget) < 1:
        rate = args.rate * min(1.0, (step + 1) / args.warm_up) * max(0.002, 0.5 * (1 + math.cos(math.pi * done)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        quantised = done >= args.quantise_from
        model.quantise = average.quantise = quantised
        if not step and args.weights:
            validate()
        start = time.time()
        rows, *audible = (tensor.to(device) for tensor in shards.batch(args.batch))
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=cuda or torch.cpu._is_avx512_bf16_supported()):
            loss, parts = total_loss(runner, rows, args, teacher, listeners, audible)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        if torch.isfinite(norm):
            optimiser.step()
            model.clamp_weights()
            if sparsity:
                # The masks of a finished schedule stay: tiles no longer come back.
                if step % SPARSE_EVERY == 0 and done < args.sparse_span[1] + 0.02:
                    sparsity.update(model, sparse_progress(done))
                sparsity.apply(model)
        with torch.no_grad():
            decay = min(args.average, (step + 1) / (step + 10))
            for a, b in zip(average.parameters(), model.parameters()):
                a.lerp_(b, 1 - decay)
        step += 1
        heard += world * args.batch * args.frames / 100
        spent += time.time() - start
        for k, v in {**parts, "norm": float(norm)}.items():
            sums[k] = sums.get(k, 0.0) + v
        if step % args.log_every == 0:
            shards.scan()
            if rank == 0:
                entry = {k: round(v / args.log_every, 5) for k, v in sums.items()}
                entry |= {
                    "step": step,
                    "rate": rate,
                    "hours": round(heard / 3600, 2),
                    "minutes_left": round((spent / max(done, 1e-9) - spent) / 60 if args.steps else (budget - spent) / 60, 1),
                    **({"kept": sparsity.kept()} if sparsity else {}),
                    "speed": round(heard / max(1e-9, spent), 1),
                    "shards": len(shards.files),
                }
                print(json.dumps(entry), flush=True)
                log.write(json.dumps(entry) + "\n")
                log.flush()
            sums = {}
        if step % args.save_every == 0:
            save()
            validate()
    save()
    print(f"done: {step} steps, {heard / 3600:.1f} h of audio, {(time.time() - began) / 60:.1f} min", flush=True)
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
