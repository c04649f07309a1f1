"""How many pictures like those that people upload are read rightly, by kind, and how long a phone's photograph takes.

    python tests/benchmarks/pictures.py [--count 50] [--first 0] [--family unseen] [--model upright] [--kinds ruled,squared]
        [--against CHECKOUT] [--keep FOLDER]

right: the network takes the digit for the one that was written; of "several", all digits are found, none too many, and all
are read rightly; of "nothing", the picture is refused. 95 %: Wilson's interval of the share. refused: pictures on which no
digit is found. cut: the digit looks like the ink that the generator laid down (correlation of both in the network's form above
0.75; of several, intersection over union above 0.6). clean: the network reads the generator's ink alone rightly, which is the
most that a preparation can reach. ms: from the bytes of a PNG to the digits, one thread, by the clock.

--against CHECKOUT compares with the preparation of another checkout, such as ``git worktree add ../old 3b7c6ea``; the network is
this checkout's for both. --keep writes the pictures that are read wrongly. --count 0 only times the phone's photographs.
"""

import argparse
import io
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from stn_demo import checkpoints  # noqa: E402
from stn_demo.data import paper, scenes  # noqa: E402
from stn_demo.data.scenes.agreement import likeness, overlap  # noqa: E402

LIKE, OVERLAP = 0.75, 0.6
PHONE = (4032, 3024)  # px, 12 million
PHOTOGRAPHS = {  # kind: numbers of the scenes; "nothing" has six kinds of picture without a digit
    "ruled": range(3),
    "photo": range(3),
    "several": range(3),
    "nothing": range(6),
}
load = cache(checkpoints.load)


class Verdict(NamedTuple):
    right: bool
    refused: bool
    cut: bool
    clean: bool
    digits: tuple[int, int]  # read rightly, of how many


def wilson(right: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share, spread = right / count, z * z / count
    half = z * (share * (1 - share) / count + spread / count / 4) ** 0.5
    return (share + spread / 2 - half) / (1 + spread), (share + spread / 2 + half) / (1 + spread)


def read(name: str, digits) -> list[int]:
    """What the network `name` takes digits [N, 28, 28] for."""
    with torch.inference_mode():
        images = torch.as_tensor(np.asarray(digits), dtype=torch.float32)[:, None]
        return load(name)(images).argmax(1).tolist() if len(images) else []


def judged(scene: scenes.Scene, digits: np.ndarray, boxes: np.ndarray, name: str) -> Verdict:
    """digits [N, 28, 28] and boxes [N, 4] or [0, 4], the digit that is selected by default first."""
    labels, refused, answers = list(scene.labels), not len(digits), read(name, digits)
    if not labels:
        return Verdict(refused, refused, refused, True, (int(refused), 1))
    if len(labels) == 1:
        clean = paper.prepared(torch.from_numpy(scene.ink).float())
        right = answers[:1] == labels
        cut = not refused and likeness(digits[0], clean) > LIKE
        return Verdict(right, refused, cut, read(name, clean[None]) == labels, (int(right), 1))
    places = [tuple(np.multiply(box, scene.image.size * 2)) for box in boxes]
    hits = [max(range(len(places)), key=lambda i: overlap(box, places[i]), default=None) for box in scene.boxes]
    good = [i is not None and overlap(box, places[i]) > OVERLAP for box, i in zip(scene.boxes, hits, strict=True)]
    correct = sum(ok and answers[i] == label for ok, i, label in zip(good, hits, labels, strict=True))
    cut = all(good) and len(places) == len(good)
    return Verdict(cut and correct == len(labels), refused, cut, True, (correct, len(labels)))


def answers(checkout: Path, folder: Path, repeat: int = 1) -> dict[str, np.ndarray]:
    """See picture_answers.py."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "answers.npz"
        command = [sys.executable, Path(__file__).with_name("picture_answers.py"), checkout, folder, file]
        subprocess.run([*command, "--repeat", str(repeat)], check=True, cwd=checkout)
        with np.load(file) as data:
            return dict(data)


def row(verdicts: list[Verdict], times: np.ndarray) -> str:
    right, count = sum(one.right for one in verdicts), len(verdicts)
    low, high = (100 * share for share in wilson(right, count))
    refused = sum(one.refused for one in verdicts)
    median, late = np.median(times), np.quantile(times, 0.95)
    return f"{right:5}/{count:<4}{100 * right / count:6.1f} {low:6.1f}-{high:<5.1f}{refused:5}{median:7.0f}{late:7.0f}"


HEAD = f"{'right':>10}{'%':>6} {'95 %':>12}{'ref.':>5}{'ms':>7}{'p95':>7}"


def accuracy(options, checkouts: list[Path]) -> None:
    print(f"{'kind':<9}{HEAD}{'cut':>6}{'clean':>6}" + (f"   {HEAD}   (older)" if len(checkouts) > 1 else ""))
    for kind in options.kinds.split(","):
        numbers = range(options.first, options.first + options.count)
        made = {f"{number:06}": scenes.make(kind, number, options.family) for number in numbers}
        with tempfile.TemporaryDirectory() as place:
            for stem, scene in made.items():
                scene.image.save(Path(place) / f"{stem}.png")
            rows = []
            for checkout in checkouts:
                found = answers(checkout, Path(place))
                times = np.array([found[f"{stem}.ms"][0, 0] for stem in made])
                verdicts = {
                    stem: judged(scene, found[f"{stem}.digits"], found[f"{stem}.boxes"], options.model)
                    for stem, scene in made.items()
                }
                rows.append((list(verdicts.values()), times))
                if checkout is ROOT and options.keep:
                    options.keep.mkdir(parents=True, exist_ok=True)
                    for stem in (stem for stem, one in verdicts.items() if not one.right):
                        made[stem].image.save(options.keep / f"{kind}-{int(stem)}.png")
        ours = rows[0][0]
        words = f"{sum(one.cut for one in ours):6}{sum(one.clean for one in ours):6}"
        print(f"{kind:<9}" + f"{words}   ".join(row(*one) for one in rows) + words * (len(rows) == 1), flush=True)
        if kind == "several":
            totals = [np.sum([one.digits for one in verdicts], 0) for verdicts, _ in rows]
            print("          of its digits: " + ", older ".join(f"{right}/{count}" for right, count in totals))


def photographs(checkouts: list[Path], repeat: int) -> None:
    """Photographs of a phone: JPEG files of 12 million pixels."""
    print(
        f"\nphotographs of a phone, {PHONE[0]} x {PHONE[1]} px, JPEG, one thread, ms: median, slowest picture's median"
    )
    with tempfile.TemporaryDirectory() as place:
        for kind, numbers in PHOTOGRAPHS.items():
            for number in numbers:
                image, file = scenes.make(kind, number, "unseen").image, io.BytesIO()
                turned = image if image.width > image.height else image.transpose(Image.Transpose.ROTATE_90)
                turned.resize(PHONE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
                (Path(place) / f"{kind}-{number}.jpg").write_bytes(file.getvalue())
        for checkout in checkouts:
            found = answers(checkout, Path(place), repeat)
            print(checkout)
            for kind, numbers in PHOTOGRAPHS.items():
                each = np.array([np.median(found[f"{kind}-{number}.ms"], 0) for number in numbers])
                (clock, cpu), (most, most_cpu) = np.median(each, 0), each.max(0)
                print(f"  {kind:<9} by the clock {clock:5.0f} {most:5.0f}   of CPU time {cpu:5.0f} {most_cpu:5.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--family", default="unseen")
    parser.add_argument("--model", default="upright")
    parser.add_argument("--kinds", default=",".join(scenes.GROUPS))
    parser.add_argument("--against", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--repeat", type=int, default=7, help="of each phone's photograph; 0: none")
    options = parser.parse_args()
    torch.set_num_threads(1)
    checkouts = [ROOT] + ([options.against.resolve()] if options.against else [])
    if options.count:
        accuracy(options, checkouts)
    if options.repeat:
        photographs(checkouts, options.repeat)


if __name__ == "__main__":
    main()
