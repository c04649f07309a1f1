"""Training on the user's own pictures: a folder with one folder per class, as for torchvision's ImageFolder.

If it has folders ``train`` and ``test`` with the same classes, these are the two sets. Otherwise every fifth picture of
a class is used for the test, in an order that depends on the file names only.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image, ImageOps

from .digits import Digits
from .mnist import DataError

CLASSES = (2, 100)
TEST_EVERY = 5
LARGEST = 1 << 31  # largest size of all pictures in memory, bytes
GREY = ("1", "L", "LA", "I", "I;16", "F")


class Pictures(NamedTuple):
    """The content of a folder: the files of each set with their class, and the names of the classes.

    channels: 1 if the first pictures of all classes are grey, else 3.
    """

    train: list[tuple[Path, int]]
    test: list[tuple[Path, int]]
    names: tuple[str, ...]
    channels: int


def is_picture_folder(root: str | os.PathLike[str] | None) -> bool:
    """Whether ``root`` contains folders and is not a folder of MNIST."""
    if root is None or (Path(root) / "MNIST").exists():
        return False
    try:
        return any(entry.is_dir() and not entry.name.startswith(".") for entry in Path(root).iterdir())
    except OSError:
        return False


def find(root: str | os.PathLike[str]) -> Pictures:
    """The pictures of ``root``; only the first of each class is opened.

    Raises:
        DataError: the folder cannot be read, has fewer than 2 or more than 100 classes, a class without pictures, or
            sets with different classes.
    """
    root = Path(root)
    if all((root / part).is_dir() for part in ("train", "test")):
        train, names = _listed(root / "train")
        test, others = _listed(root / "test")
        if names != others:
            odd = sorted(set(names) ^ set(others))[0]
            raise DataError(f"The class {odd} is in only one of {root}/train and {root}/test; give it in both.")
    else:
        files, names = _listed(root)
        train, test = [], []
        for label in range(len(names)):
            own_files = sorted((path for path, one in files if one == label), key=_by_name)
            for index, path in enumerate(own_files):
                (test if index % TEST_EVERY == TEST_EVERY - 1 else train).append((path, label))
    if not test:
        raise DataError(
            f"Every class of {root} has fewer than {TEST_EVERY} pictures, so there are none to test on; add a folder test."
        )
    firsts = {label: path for path, label in reversed(train)}
    return Pictures(train, test, names, 1 if all(map(_is_grey, firsts.values())) else 3)


def load(
    files: list[tuple[Path, int]], channels: int, side: int, report: Callable[[str], None] = lambda text: None
) -> Digits:
    """Load the pictures into memory, in an order that depends on the file names only.

    Returns:
        images uint8 [N, channels, side, side], each as large as fits, centred on black; labels int64 [N]. ``report`` gets
        a sentence that names files that cannot be read; they are left out.

    Raises:
        DataError: no picture can be read, or they take more than 2 GB.
    """
    if len(files) * channels * side * side > LARGEST:
        raise DataError(f"{len(files):,} pictures of {side} px take more than 2 GB; give a smaller --input-size.")
    images, labels, broken = [], [], []
    for path, label in sorted(files, key=lambda one: _by_name(one[0])):
        try:
            images.append(_read(path, channels, side))
            labels.append(label)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            broken.append(path.name)
    if broken:
        named = ", ".join(sorted(broken)[:5]) + (" ..." if len(broken) > 5 else "")
        report(f"{len(broken)} of {len(files)} files cannot be read as pictures and are left out: {named}")
    if not images:
        raise DataError("None of the files in the folder can be read as a picture.")
    return Digits(torch.stack(images), torch.tensor(labels, dtype=torch.int64))


def _listed(root: Path) -> tuple[list[tuple[Path, int]], tuple[str, ...]]:
    from torchvision.datasets import ImageFolder  # noqa: PLC0415  (a second to import)

    try:
        found = ImageFolder(str(root))
    except (OSError, RuntimeError) as error:
        raise DataError(f"{root} is not a folder of pictures with one folder per class ({_reason(error)}).") from None
    least, most = CLASSES
    if not least <= len(found.classes) <= most:
        raise DataError(f"{root} has {len(found.classes)} folders; give {least} to {most} classes, one folder each.")
    return [(Path(path), label) for path, label in found.samples], tuple(found.classes)


def _reason(error: OSError | RuntimeError) -> str:
    """What the operating system says, or torchvision's own sentence."""
    text = (isinstance(error, OSError) and error.strerror) or str(error)
    return (text.splitlines() or ["it cannot be listed"])[0].rstrip(". ")


def _by_name(path: Path) -> bytes:
    return hashlib.blake2b(f"{path.parent.name}/{path.name}".encode(errors="replace"), digest_size=8).digest()


def _is_grey(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.mode in GREY
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True  # an unreadable picture does not count


def _read(path: Path, channels: int, side: int) -> torch.Tensor:
    with Image.open(path) as opened:
        opened.draft("RGB", (2 * side, 2 * side))  # decodes a large JPEG at a fraction of its size
        return fitted(ImageOps.exif_transpose(opened), channels, side)


def fitted(image: Image.Image, channels: int, side: int) -> torch.Tensor:
    """A picture as a network of such pictures takes it: uint8 [channels, side, side], as large as fits, centred on black."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    image = ImageOps.pad(image.convert("L" if channels == 1 else "RGB"), (side, side), Image.Resampling.LANCZOS)
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.view(side, side, channels).permute(2, 0, 1).contiguous()
