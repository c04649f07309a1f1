"""Our training loop against the usual one, side by side in one run, on the CPU.

    python tests/benchmarks/training_speed.py [--data DIR] [--cap SECONDS] [--json FILE]

The usual loop is that of the PyTorch tutorial on spatial transformers: a DataLoader with worker processes,
each digit a PIL image that is posed by itself, batches of 64, SGD with a learning rate of 0.01. Both train
the same network on the same distribution of poses (the usual loop's, drawn with Python's random numbers for
one image, costs less than torchvision's RandomAffine), and both are measured on the same posed test digits.

Samples per second: segments of both, in turns, medians. Then the time to 95 %: each trains from the start
until it is right on 95 % of the posed test digits; measuring is not counted. The usual loop is stopped after
--cap seconds: what it says then is a lower bound.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import to_tensor

from stn_demo.data import mnist
from stn_demo.data.digits import Digits
from stn_demo.data.distortions import DISTORTIONS
from stn_demo.model import ModelConfig, build_model
from stn_demo.training import RECIPES, Trainer, evaluate

POSE = DISTORTIONS["pose"]


class PosedDigits(Dataset):
    """One PIL image at a time, in a random pose: rotation, scale and shear of ``POSE``, shifted so that the
    ink stays in the frame."""

    def __init__(self, digits: Digits):
        self.images, self.labels = digits.images.numpy(), digits.labels.tolist()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.images[number])
        angle = math.radians(random.uniform(-POSE.rotation, POSE.rotation))
        scale, shear = random.uniform(*POSE.scale), random.uniform(-POSE.shear, POSE.shear)
        cos, sin = scale * math.cos(angle), scale * math.sin(angle)
        a, b, c, d = cos, cos * shear - sin, sin, sin * shear + cos
        left, top, right, bottom = image.getbbox()
        corners = [(x - 14, y - 14) for x in (left, right) for y in (top, bottom)]
        xs, ys = [a * x + b * y for x, y in corners], [c * x + d * y for x, y in corners]
        shift_x, shift_y = self._shift(xs), self._shift(ys)
        # PIL expects the map from output to input
        det = a * d - b * c
        e, f, g, h = d / det, -b / det, -c / det, a / det
        mid_x, mid_y = 14 + shift_x, 14 + shift_y
        matrix = (e, f, 14 - e * mid_x - f * mid_y, g, h, 14 - g * mid_x - h * mid_y)
        posed = image.transform((28, 28), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        return to_tensor(posed), self.labels[number]

    @staticmethod
    def _shift(edges: list[float]) -> float:
        low, high = min(edges), max(edges)
        room = max(0.0, 28 - (high - low)) / 2
        return random.uniform(-room, room) - (low + high) / 2


def seed_worker(number: int) -> None:
    random.seed(torch.initial_seed() + number)


class UsualLoop:
    def __init__(self, digits: Digits, workers: int):
        torch.manual_seed(0)
        self.model = build_model(ModelConfig())
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)
        self.loader = DataLoader(
            PosedDigits(digits), batch_size=64, shuffle=True, num_workers=workers, worker_init_fn=seed_worker
        )
        self.batches = self._forever()

    def _forever(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        while True:
            yield from self.loader

    def advance(self) -> int:
        data, target = next(self.batches)
        self.optimizer.zero_grad()
        loss = F.nll_loss(self.model(data), target)
        loss.backward()
        self.optimizer.step()
        return len(target)


class OurLoop:
    def __init__(self, digits: Digits, recipe: str):
        self.trainer = Trainer(RECIPES[recipe], digits)

    @property
    def model(self) -> torch.nn.Module:
        return self.trainer.result()

    def advance(self) -> int:
        self.trainer.advance()
        if self.trainer.step % 20 == 0 or self.trainer.done:
            self.trainer.report()
        return self.trainer.settings.batch_size


def speed(loop: UsualLoop | OurLoop, seconds: float) -> float:
    """Samples per second over a segment. The first steps, for which batches may lie ready, are not
    counted."""
    for _ in range(16):
        loop.advance()
    start, samples = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        samples += loop.advance()
    return samples / (time.perf_counter() - start)


def time_to(goal: float, loop: UsualLoop | OurLoop, test: Digits, every: float, cap: float) -> dict:
    """Train until the accuracy on posed ``test`` digits, measured every ``every`` seconds, reaches ``goal``
    %, at most ``cap`` seconds; the curve of (seconds of training, accuracy)."""
    clock, curve = 0.0, []
    for mark in itertools.count(1):
        while clock < every * mark and not (isinstance(loop, OurLoop) and loop.trainer.done):
            start = time.perf_counter()
            loop.advance()
            clock += time.perf_counter() - start
        curve.append((round(clock, 1), round(100 - evaluate(loop.model, test, "pose").error, 2)))
        print(f"  {type(loop).__name__}: {curve[-1][1]:.2f} % after {clock:.0f} s", flush=True)
        reached = curve[-1][1] >= goal
        if reached or clock >= cap or (isinstance(loop, OurLoop) and loop.trainer.done):
            return {"seconds": clock, "reached": reached, "curve": curve}
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of MNIST; default: STN_DEMO_DATA")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2, help="of the DataLoader")
    parser.add_argument("--segments", type=int, default=5)
    parser.add_argument("--segment-seconds", type=float, default=5)
    parser.add_argument("--recipe", default="seed-affine-60s", help="of our loop")
    parser.add_argument("--goal", type=float, default=95)
    parser.add_argument("--cap", type=float, default=600, help="seconds for the usual loop; 0: speed only")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train, test = (mnist.load(options.data, train=which, download=False) for which in (True, False))

    usual, ours = UsualLoop(train, options.workers), OurLoop(train, options.recipe)
    speeds: dict[str, list[float]] = {"usual": [], "ours": []}
    for _ in range(options.segments):
        speeds["usual"].append(speed(usual, options.segment_seconds))
        speeds["ours"].append(speed(ours, options.segment_seconds))
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    ratio = medians["ours"] / medians["usual"]
    print(f"samples/s: usual {medians['usual']:,.0f}, ours {medians['ours']:,.0f}: {ratio:.2f} times as many")
    print("segments:", {name: [round(value) for value in values] for name, values in speeds.items()})
    figures = {"samples_per_second": medians, "ratio": ratio, "segments": speeds, "load": os.getloadavg()}
    del usual, ours

    if options.cap:
        figures["ours"] = time_to(options.goal, OurLoop(train, options.recipe), test, 2, 1e9)
        figures["usual"] = time_to(options.goal, UsualLoop(train, options.workers), test, 20, options.cap)
        sooner = figures["usual"]["seconds"] / figures["ours"]["seconds"]
        bound = "" if figures["usual"]["reached"] else "at least "
        print(f"{options.goal:g} % posed: ours after {figures['ours']['seconds']:.0f} s, usual after {bound}"
              f"{figures['usual']['seconds']:.0f} s: {bound}{sooner:.0f} times sooner")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
