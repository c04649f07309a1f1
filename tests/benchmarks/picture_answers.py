"""The digits that one checkout of the project finds on picture files, and the time for it: run by ``pictures.py``.

    python tests/benchmarks/picture_answers.py CHECKOUT FOLDER ANSWERS [--repeat 1]

Reads the files of FOLDER in the order of their names and writes ANSWERS, an .npz with three arrays for each of them: NAME.digits,
float32 [N, 28, 28], N = 0 if the picture is refused; NAME.boxes, [N, 4], fractions of the picture, or [0, 4] where the checkout
has no boxes; NAME.ms, [repeat, 2], milliseconds by the clock and of CPU time from the bytes to the digits, with one thread.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch


def found(picture, data):
    """(digits, boxes); a checkout that knows only one digit a picture has ``read``, no ``find``."""
    try:
        if not hasattr(picture, "find"):
            return picture.read(data)[None].numpy(), np.zeros((0, 4))
        one = picture.find(data)
        order = [one.first, *(index for index in range(len(one.digits)) if index != one.first)]
        return one.digits[order].numpy(), np.array([one.boxes[index] for index in order])
    except picture.PictureError:
        return np.zeros((0, 28, 28), np.float32), np.zeros((0, 4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout")
    parser.add_argument("folder", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    sys.path.insert(0, options.checkout)
    torch.set_num_threads(1)
    from stn_demo.data import picture  # noqa: PLC0415  of the checkout

    assert Path(picture.__file__).is_relative_to(Path(options.checkout).resolve())
    try:
        import cv2  # noqa: PLC0415  which an older checkout does not need

        cv2.setNumThreads(1)
    except ImportError:
        pass
    paths = sorted(options.folder.iterdir())
    if paths:
        found(picture, paths[0].read_bytes())  # what is loaded at the first picture is not timed
    answers = {}
    for path in paths:
        data, times = path.read_bytes(), []
        for _ in range(options.repeat):
            start, used = time.perf_counter(), time.process_time()
            digits, boxes = found(picture, data)
            times.append((1000 * (time.perf_counter() - start), 1000 * (time.process_time() - used)))
        answers |= {f"{path.stem}.digits": digits, f"{path.stem}.boxes": boxes, f"{path.stem}.ms": np.array(times)}
    np.savez(options.answers, **answers)


if __name__ == "__main__":
    main()
