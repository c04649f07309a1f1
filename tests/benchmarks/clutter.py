"""Whether the networks trained on clutter (TC) depend on where the digit is put. At a fraction of a pixel the digit is slightly
blurred, while the clutter is sharp, so that blur alone would separate them. TC therefore puts the digit at whole pixels.

    python tests/benchmarks/clutter.py [COUNT [CHECKPOINT ...]]

Prints, for each network, the error on the first COUNT (default: all) MNIST test digits at fractions of a pixel,
and at whole pixels, as in training; the clutter is the same in both. STN_DEMO_DATA names MNIST's folder.
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from stn_demo import checkpoints
from stn_demo.data.digits import as_floats
from stn_demo.data.distortions import DISTORTIONS
from stn_demo.data.pose import resample
from stn_demo.training.datasets import load_digits
from stn_demo.training.evaluation import wilson

AT_ONCE = 250


def frames(images, whole, seed):
    """``images`` [N, 1, 28, 28] as in TC, float [N, 1, 60, 60]."""
    tc, generator = DISTORTIONS["tc"], torch.Generator().manual_seed(seed)
    most = (tc.frame - tc.picture) // 2
    shift = (torch.rand(len(images), 2, generator=generator) * 2 - 1) * most
    matrix = torch.eye(3).repeat(len(images), 1, 1)
    matrix[:, :2, 2] = shift.round() if whole else shift
    return tc._cluttered(resample(images, matrix, None, tc.frame), images, generator)


def error(model, digits, whole):
    wrong = 0
    for start in range(0, len(digits.labels), AT_ONCE):
        images, labels = as_floats(digits.images[start : start + AT_ONCE]), digits.labels[start : start + AT_ONCE]
        with torch.inference_mode():
            wrong += int((model(frames(images, whole, start)).argmax(1) != labels).sum())
    low, high = wilson(wrong, len(digits.labels))
    return f"{100 * wrong / len(digits.labels):.2f} % ({low:.2f} to {high:.2f})"


def main(count=None, *names):
    digits = load_digits("mnist", train=False, root=None)
    digits = type(digits)(*(part[: int(count) if count else None] for part in digits))
    for name in names or ("tc-cnn", "tc-stcnn-affine"):
        model = checkpoints.load(name).to(memory_format=torch.channels_last)
        print(f"{name}: fractions of a pixel {error(model, digits, False)}, whole pixels {error(model, digits, True)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
