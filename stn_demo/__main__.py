"""The command line: ``python -m stn_demo train | evaluate | list | table | analyse | export | publish``."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

import torch

from . import checkpoints
from .cli import analyse as analysis
from .cli import export as exporting
from .cli import list as listing
from .cli import publish as publishing
from .cli.train import Interrupted, Job, train_to_file
from .cli.train_all import train_all
from .data import folder as pictures
from .data.distortions import DISTORTIONS
from .model import ModelConfig
from .model.config import CHOICES
from .runs.store import default_folder
from .training import RECIPES, TrainingSettings, TrainingStopped, evaluate
from .training.datasets import TEST_SETS, load_digits, load_test_pictures, settings_for
from .training.distributed import find_device
from .training.recipes import ZOO
from .training.settings import FOLDER

BAD_USAGE, FAILED, INTERRUPTED = 2, 1, 130
DATA_HELP = (
    "folder of MNIST, or (train only) of your own pictures, with one folder per class, optionally below train/ and "
    "test/ (default: STN_DEMO_DATA, else ~/.cache/stn_demo); MNIST is downloaded if it is missing"
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 (training failed), 2 (bad usage) or 130 (interrupted)."""
    options = _parser().parse_args(arguments)
    try:
        if getattr(options, "threads", None):
            torch.set_num_threads(options.threads)
        options.run(options)
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the program that reads the output has ended, for example `| head`
    except (ValueError, OSError) as error:
        return _fail(str(error), BAD_USAGE)
    except TrainingStopped as error:
        return _fail(str(error), FAILED)
    except Interrupted as error:
        again = f"python -m stn_demo train --resume --output {shlex.quote(str(options.output))}"
        if options.recipe == "all":
            again = "the same command again"
        return _fail(f"{error}; continue with: {again}", INTERRUPTED)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    return 0


def _fail(message: str, status: int) -> int:
    if int(os.environ.get("RANK", "0")) == 0:  # under torchrun only rank 0 prints
        print(f"stn_demo: {' '.join(message.split())}", file=sys.stderr)
    return status


def _train(options: argparse.Namespace) -> None:
    changes = {
        item.name: getattr(options, item.name)
        for item in (*fields(TrainingSettings), *fields(ModelConfig))
        if getattr(options, item.name, None) is not None
    }
    if "placement" in changes:
        changes["placement"] = tuple(point for point in changes["placement"].split(",") if point not in ("", "none"))
    recipe = options.recipe or (None if options.resume else "seed-affine")
    own = options.data is None and pictures.is_picture_folder(options.data_folder)
    if recipe == "all":
        if own:
            raise ValueError(
                "--recipe all trains the paper's networks on MNIST; for your own pictures name one recipe."
            )
        _train_all(options, changes)
        return
    if recipe is not None and recipe not in RECIPES:
        raise ValueError(f"The recipe {recipe!r} is unknown; choose one of {', '.join(RECIPES)}.")
    if options.minutes is not None and ("epochs" in changes or options.resume or not 0 < options.minutes < 1e5):
        raise ValueError("--minutes takes a positive number, and cannot be combined with --epochs or --resume.")
    if options.output is None:
        options.output = Path("runs") / f"{recipe or 'seed-affine'}{checkpoints.SUFFIX}"
    if options.output.suffix != checkpoints.SUFFIX:
        raise ValueError(f"The output must be a {checkpoints.SUFFIX} file, not {str(options.output)!r}.")
    chosen = RECIPES[recipe] if recipe else None
    if chosen and own:
        chosen, changes = settings_for(pictures.find(options.data_folder), chosen, changes), {}
    path = train_to_file(_job(options, chosen, options.output, changes))
    if int(os.environ.get("RANK", "0")) == 0:
        print(path)


def _train_all(options: argparse.Namespace, changes: dict[str, Any]) -> None:
    folder = options.output or Path("runs")
    if folder.suffix == checkpoints.SUFFIX or options.resume or options.minutes is not None:
        raise ValueError(
            "--recipe all takes a folder as --output and resumes by itself; it cannot be combined with --resume or --minutes."
        )
    jobs = (_job(options, settings, folder / (name + checkpoints.SUFFIX), changes) for name, settings in ZOO.items())
    for path in train_all(jobs, options.restart, lambda text: print(text, file=sys.stderr, flush=True)):
        print(path)


def _job(options: argparse.Namespace, recipe: TrainingSettings | None, output: Path, changes: dict[str, Any]) -> Job:
    return Job(
        recipe=recipe,
        output=output,
        changes=changes,
        data_root=options.data_folder,
        device=options.device,
        minutes=options.minutes,
        resume=options.resume,
        restart=options.restart,
        quiet=options.quiet,
        evaluate_every=options.evaluate_every,
        runs=Path(options.runs) if options.runs else default_folder(),
    )


def _evaluate(options: argparse.Namespace) -> None:
    written = options.checkpoint
    model = checkpoints.load(Path(written) if os.sep in written else written).to(find_device(options.device))
    distortion = DISTORTIONS[options.distortion]
    if options.data == FOLDER:
        if isinstance(model.config.input_size, int):
            distortion = distortion.framed(model.config.input_size)
        digits = load_test_pictures(
            model.config, distortion, options.data_folder, lambda text: print(text, file=sys.stderr)
        )
    else:
        digits = load_digits(options.data, train=False, root=options.data_folder)
    result = evaluate(model, digits, distortion, options.seed)
    if options.json:
        about = {
            "checkpoint": written,
            "data": options.data,
            "distortion": options.distortion,
            "seed": options.seed,
        }
        print(json.dumps(about | result.to_dict()))
        return
    low, high = result.interval
    poses = DISTORTIONS[options.distortion].summary
    of = f"test pictures of {options.data_folder}" if options.data == FOLDER else f"{options.data} test digits"
    print(f"{written} on {result.count:,} {of}, {poses}:")
    print(f"error {result.error:.2f} % (95 % interval {low:.2f} to {high:.2f}), loss {result.loss:.4f}")


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any):
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"stn_demo: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m stn_demo", description="Spatial transformer networks: train, evaluate, analyse.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands)

    command = commands.add_parser(
        "evaluate",
        help="measure a checkpoint",
        description="Measure the error on the test digits. Each digit is distorted once; the distortions are always the same.",
    )
    command.add_argument("checkpoint", metavar="CHECKPOINT", help="a name in checkpoints/, or a file")
    command.add_argument("--distortion", default="none", choices=DISTORTIONS, help=_distortions())
    command.add_argument("--seed", type=int, default=0, help="seed of the distorted test set (default 0)")
    command.add_argument("--json", action="store_true", help="print JSON, with the confusion matrix")
    _add_common(command)
    command.add_argument(
        "--data-set",
        dest="data",
        choices=TEST_SETS,
        default="mnist",
        help="test digits; hands: generated 1s and 4s in styles that MNIST lacks; folder: your own pictures, in the folder of --data",
    )
    command.set_defaults(run=_evaluate)

    listing.add(commands)
    analysis.add(commands, _add_common)
    exporting.add(commands)
    publishing.add(commands)
    return parser


def _add_train(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "train",
        help="train a network and write a checkpoint",
        description="Train with the settings of a recipe, any of which can be changed, and write a checkpoint with its "
        "provenance. Ctrl-C saves the state; --resume continues with the same result as an uninterrupted run. "
        "For several processes: torchrun --nproc_per_node 2 -m stn_demo train ...",
    )
    command.add_argument(
        "--recipe",
        metavar="NAME",
        help=f"one of {', '.join(RECIPES)} (default seed-affine); or all: every network of the paper's table that is not done",
    )
    command.add_argument(
        "--output", type=Path, metavar="FILE", help="default: runs/RECIPE.safetensors; for all: a folder, runs"
    )
    command.add_argument("--resume", action="store_true", help="continue the interrupted run of this output")
    command.add_argument("--restart", action="store_true", help="start again, and discard an interrupted run")
    command.add_argument("--minutes", type=float, help="instead of --epochs: train for about this long")
    command.add_argument(
        "--evaluate-every", type=float, default=0, metavar="EPOCHS", help="measure the error every so many epochs"
    )
    command.add_argument(
        "--runs",
        metavar="DIR",
        help="folder of runs, for the page to show; default: STN_DEMO_RUNS, else ~/.cache/stn_demo/runs",
    )
    command.add_argument("--quiet", action="store_true", help="do not print progress")
    _add_common(command)
    settings = command.add_argument_group("settings", "Each replaces the value in the recipe.")
    for item in fields(TrainingSettings):
        if item.name in ("model", "stages"):  # composed of other fields; only a recipe sets stages
            continue
        about = {"dest": item.name, "help": item.metadata["help"].replace("%", "%%")}
        if "choices" in item.metadata:
            about["choices"] = item.metadata["choices"]
        else:
            about |= {"type": int if item.metadata["whole"] else float, "metavar": "N"}
        settings.add_argument("--data-set" if item.name == "data" else _option(item.name), **about)
    model = command.add_argument_group("model", "Each replaces the value in the recipe.")
    for item in fields(ModelConfig):
        if item.name in ("classes", "class_names"):
            continue  # given by the data
        about = {"choices": CHOICES[item.name]} if item.name in CHOICES else {"type": int, "metavar": "N"}
        if item.name in ("input_size", "output_size"):
            about = {"type": _size, "metavar": "PX", "help": "side of a square, px, or HEIGHTxWIDTH"}
        if item.name == "placement":
            about = {
                "metavar": "POINTS",
                "help": 'where the transformers are: any of "input,conv1,conv2", or "none"',
            }
        model.add_argument(_option(item.name), **about)
    command.set_defaults(run=_train)


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", dest="data_folder", metavar="DIR", help=DATA_HELP)
    command.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, cuda:N or mps")
    command.add_argument(
        "--threads",
        type=int,
        help="number of CPU threads; results are reproducible to the bit for an equal number only",
    )


def _size(text: str) -> int | tuple[int, int]:
    """28 -> 28, 64x32 -> (64, 32)."""
    height, cross, width = text.partition("x")
    return (int(height), int(width)) if cross else int(height)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _distortions() -> str:
    return "; ".join(f"{name}: {one.summary}" for name, one in DISTORTIONS.items()).replace("%", "%%")


if __name__ == "__main__":
    sys.exit(main())
