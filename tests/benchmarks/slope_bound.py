"""The slope (``stn_demo/analysis/turning.py``) that the localization network of `upright` reaches if it is trained with the true
angles, which `upright` never sees. It estimates how much of the rotation can be recovered from the image at all: a 1, 0 or 8
rotated by 90 degrees looks nearly like one rotated by -90 degrees, a 6 like a 9.

    python tests/benchmarks/slope_bound.py [STEPS [COUNT]]

Trains STEPS (default 6,000) steps of 128 MNIST training digits in the poses of `upright`, two looks, and prints the results on
the first COUNT (default 1,000) test digits, then by class: the percentage of half turns at -90 and 90 degrees. STN_DEMO_DATA
names MNIST's folder.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn.functional import huber_loss

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from stn_demo.analysis import turning
from stn_demo.data.digits import Digits, as_floats
from stn_demo.data.distortions import DISTORTIONS
from stn_demo.model import build_model
from stn_demo.training.datasets import load_digits
from stn_demo.training.recipes import RECIPES

BATCH = 128
RATE = 2e-3
QUARTER = 90.0


def wrapped(angle):
    return torch.atan2(angle.sin(), angle.cos())


def direction(matrix):
    return torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0])


def train(steps):
    torch.manual_seed(0)
    model = build_model(RECIPES["upright"].model).to(memory_format=torch.channels_last)
    transformer = model.transformer()
    digits = load_digits("mnist", train=True, root=None)
    poses = replace(DISTORTIONS["pose"], ends=True)
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(transformer.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.1)
    started = time.monotonic()
    for step in range(steps):
        index = torch.randint(len(digits.labels), (BATCH,), generator=generator)
        posed = poses(as_floats(digits.images[index]), generator)
        with torch.autocast("cpu", torch.bfloat16):
            looks = transformer.trace(posed.images, looks=2).looks
        loss = 0.0
        for theta in looks.float().unbind(1):  # similarity: theta holds (cos, sin) times the scale, and the shift
            points = transformer.grid.at(theta, torch.tensor([[0.0, 0.0], [1.0, 0.0]]))
            axis = points[:, 1] - points[:, 0]
            missed = wrapped(torch.atan2(axis[:, 1], axis[:, 0]) - direction(posed.matrix))
            loss = loss + huber_loss(missed, torch.zeros_like(missed), delta=0.3)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(transformer.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 500 == 499:
            print(f"step {step + 1} of {steps}, loss {float(loss):.4f}, {time.monotonic() - started:.0f} s", flush=True)
    return model.eval().requires_grad_(False)


def half_turns(model, digits):
    """Percentage of digits whose theta is half a turn off at -90 or 90 degrees (more than 90 degrees from the angle)."""
    images = as_floats(digits.images)
    rest = torch.zeros(len(images), 6).index_fill(1, torch.tensor([1, 2]), 1.0)
    at_rest = torch.rad2deg(direction(turning.answers(model, images, rest)))
    off = []
    for angle in (-QUARTER, QUARTER):
        params = rest.clone()
        params[:, 0] = angle
        found = torch.rad2deg(direction(turning.answers(model, images, params))) - at_rest - angle
        off.append(torch.rad2deg(wrapped(torch.deg2rad(found))).abs() > QUARTER)
    return 100 * torch.stack(off).double().mean()


def main(steps="6000", count="1000"):
    model = train(int(steps))
    test = load_digits("mnist", train=False, root=None)
    test = Digits(*(part[: int(count)] for part in test))
    print(turning.measure(model, test))
    for label in range(10):
        chosen = test.labels == label
        print(f"{label}: half turns {half_turns(model, Digits(test.images[chosen], test.labels[chosen])):.0f} %")


if __name__ == "__main__":
    main(*sys.argv[1:])
