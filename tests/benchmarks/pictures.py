"""How many pictures like those that people upload are read rightly, by group, and how long a phone's photograph takes.

    python tests/benchmarks/pictures.py [--count 50] [--family unseen] [--model upright] [--groups ruled,squared] [--keep FOLDER]

cut: the digit that is taken looks like the ink that the generator laid down (correlation of both in the network's form
above 0.75); read: the network takes it for the digit that was written; clean: it does so for the generator's ink alone,
which is the most that a preparation can reach. Group "several": all digits are found (intersection over union above 0.6),
none too many; their reading is counted over digits. Group "nothing": the picture is refused. --keep writes what went wrong.
"""

import argparse
import io
import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from stn_demo import checkpoints
from stn_demo.data import paper, picture, scenes
from stn_demo.data.scenes.agreement import likeness, overlap

LIKE, OVERLAP = 0.75, 0.6
PHONE = (4032, 3024)  # px, 12 million


def encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


class Reader:
    def __init__(self, name):
        self.model = checkpoints.load(name)

    def __call__(self, digit):
        with torch.inference_mode():
            return int(self.model(digit[None, None])[0].argmax())


def judged(scene, read):
    """(pictures cut rightly 0 or 1, digits read rightly, digits, digits read rightly from clean ink)"""
    try:
        found = picture.find(encoded(scene.image))
    except picture.PictureError:
        found = None
    if not scene.labels:
        return int(found is None), int(found is None), 1, 1
    if len(scene.labels) == 1:
        clean = paper.prepared(torch.from_numpy(scene.ink).float())
        right = read(clean) == scene.labels[0]
        if found is None:
            return 0, 0, 1, right
        digit = found.digits[found.first]
        return int(likeness(digit, clean) > LIKE), int(read(digit) == scene.labels[0]), 1, right
    if found is None:
        return 0, 0, len(scene.labels), len(scene.labels)
    boxes = [tuple(np.multiply(box, scene.image.size * 2)) for box in found.boxes]
    hits = [max(range(len(boxes)), key=lambda i: overlap(box, boxes[i])) for box in scene.boxes]
    good = [overlap(box, boxes[i]) > OVERLAP for box, i in zip(scene.boxes, hits, strict=True)]
    read_right = sum(
        ok and read(found.digits[i]) == label for ok, i, label in zip(good, hits, scene.labels, strict=True)
    )
    return int(all(good) and len(boxes) == len(good)), read_right, len(good), len(good)


def photograph():
    """A phone's photograph of a ruled page, as JPEG."""
    image = scenes.make("ruled", 3, "unseen").image
    return encoded(image.resize(PHONE, Image.Resampling.BICUBIC), "JPEG", quality=90)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--family", default="unseen")
    parser.add_argument("--model", default="upright")
    parser.add_argument("--groups", default=",".join(scenes.GROUPS))
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    read = Reader(options.model)
    print(f"{'group':<10} {'cut %':>7} {'read %':>7} {'clean %':>8}", flush=True)
    for group in options.groups.split(","):
        cut = right = digits = clean = 0
        for number in range(options.first, options.first + options.count):
            scene = scenes.make(group, number, options.family)
            a, b, c, d = judged(scene, read)
            cut, right, digits, clean = cut + a, right + b, digits + c, clean + d
            if options.keep and not a:
                options.keep.mkdir(parents=True, exist_ok=True)
                scene.image.save(options.keep / f"{group}-{number}.png")
        shares = 100 * cut / options.count, 100 * right / digits, 100 * clean / digits
        print(f"{group:<10} {shares[0]:7.1f} {shares[1]:7.1f} {shares[2]:8.1f}", flush=True)
    data, wall, cpu = photograph(), [], []
    for _ in range(9):
        start, used = time.perf_counter(), time.process_time()
        picture.find(data)
        wall.append(1000 * (time.perf_counter() - start))
        cpu.append(1000 * (time.process_time() - used))
    print(
        f"phone photograph, {PHONE[0]} x {PHONE[1]} JPEG, one thread: {statistics.median(cpu):.0f} ms of CPU time (median), "
        f"{min(wall):.0f} ms at least by the clock"
    )


if __name__ == "__main__":
    main()
