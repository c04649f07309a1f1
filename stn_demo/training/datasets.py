"""Load the digits that the training settings name."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch

from ..data import folder, handwriting, mnist
from ..data.digits import Digits
from ..data.distortions import DISTORTIONS, Distortion
from ..data.folder import Pictures
from ..data.mnist import DataError
from ..model import ModelConfig
from .settings import DATA_SETS, FOLDER, HANDS, TrainingSettings

WRITTEN = {True: (20_000, 0), False: (2_000, 1)}  # train?: number of generated digits, and their seed

UNLIKE = {True: (6_000, 0), False: (2_000, 1)}  # the same for the 1s and 4s in styles that MNIST lacks
ONLY_HANDS = "hands"  # only these digits, for testing
TEST_SETS = (*DATA_SETS, ONLY_HANDS, FOLDER)


def load_digits(name: str, train: bool, root: str | os.PathLike[str] | None = None, download: bool = True) -> Digits:
    """The training or test digits of a data set: "mnist" (in the folder ``root``, see ``mnist.load``), "handwriting", HANDS
    (MNIST; for training mixed with generated digits in styles that it lacks) or ONLY_HANDS (only these generated digits).

    Raises:
        DataError: a ValueError; MNIST is missing and cannot be downloaded.
    """
    if name == FOLDER:
        raise DataError(
            "Training on your own pictures works from a terminal only: python -m stn_demo train --data FOLDER."
        )
    if name == "handwriting":
        count, seed = WRITTEN[train]
        return handwriting.digits(count, seed)
    if name == ONLY_HANDS:
        return handwriting.unlike_mnist(*UNLIKE[train])
    digits = mnist.load(root, train=train, download=download)
    return _mixed(digits, handwriting.unlike_mnist(*UNLIKE[True])) if name == HANDS and train else digits


def _mixed(one: Digits, other: Digits) -> Digits:
    """Both sets in a random order that is always the same."""
    images, labels = torch.cat([one.images, other.images]), torch.cat([one.labels, other.labels])
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    return Digits(images[order], labels[order])


def settings_for(pictures: Pictures, recipe: TrainingSettings, changes: dict[str, Any]) -> TrainingSettings:
    """``recipe`` with ``changes``, for the user's own pictures: sets their classes and channels, and scales the
    distortion to the image size.

    ``input_size`` among the changes is the side of the frame, px; default: that of the distortion.

    Raises:
        ValueError: as ``TrainingSettings``; or an input that is not square.
    """
    changes = {"in_channels": pictures.channels, "holdout": 0, **changes}
    name = changes.get("distortion", recipe.distortion)
    distortion = DISTORTIONS[name] if isinstance(name, str) else name
    frame = changes.get("input_size", distortion.frame)
    if not isinstance(frame, int):
        raise ValueError("Your own pictures are trained on as squares; give --input-size one number.")
    framed = distortion.framed(frame)
    if framed.frame != framed.picture:
        changes.setdefault("undistorted", 0.0)
    output = recipe.model.output_side * frame / recipe.model.side
    return recipe.but(
        **{
            "output_size": round(output),
            **changes,
            "data": FOLDER,
            "distortion": name if framed is distortion else framed,
            "input_size": frame,
            "classes": len(pictures.names),
            "class_names": pictures.names,
        }
    )


def load_pictures(
    settings: TrainingSettings, root: str | None, report: Callable[[str], None] = lambda text: None
) -> tuple[Digits, Digits]:
    """The training and test pictures in the folder ``root``, as ``settings`` require them. ``report`` gets a sentence for
    each file that is left out.

    Raises:
        DataError: a ValueError; the pictures cannot be read, or their classes differ from those of the settings.
    """
    if root is None:
        raise DataError("This run trains on a folder of pictures; give the folder with --data.")
    found = folder.find(root)
    if found.names != settings.model.names:
        raise DataError(f"The classes in {root} differ from those of the run: {', '.join(settings.model.names)}.")
    side, channels = settings.distort.picture, settings.model.in_channels
    return folder.load(found.train, channels, side, report), folder.load(found.test, channels, side, report)


def load_test_pictures(
    model: ModelConfig, distortion: Distortion, root: str | None, report: Callable[[str], None] = lambda text: None
) -> Digits:
    """The pictures of the folder ``root`` to test ``model`` on, as large as ``distortion`` takes them. ``report`` gets
    sentences about files that are left out.

    Raises:
        DataError: a ValueError; they cannot be read, or their classes are not those of the network.
    """
    if root is None:
        raise DataError("Give the folder of the pictures with --data.")
    found = folder.find(root)
    if found.names != model.names:
        raise DataError(f"The classes in {root} are not those of the network: {', '.join(model.names)}.")
    return folder.load(found.test, model.in_channels, distortion.picture, report)
