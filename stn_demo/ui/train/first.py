"""The first training on a machine without networks: an ordinary run of a network and its plain CNN.

During the training its networks appear under the names of the missing checkpoints; at the end they are saved under
these names.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ...runs.runs import RunError, Runs
from ...runs.states import AT_WORK
from ...training.recipes import RECIPES
from ..options import FIRST_TRAINED, Options

if TYPE_CHECKING:
    from ..status import Status
    from .service import TrainingService

RUN_NAME = "first networks"
CHECKPOINTS = dict(zip(FIRST_TRAINED, (False, True), strict=True))  # name: whether it is the plain CNN
EPOCHS = 6.0
DIGITS: int | None = None  # number of training digits; None: all
POLL = 0.5  # seconds


def needed(options: Options) -> bool:
    """Whether there are no networks at all, neither shipped ones nor those of an earlier first training."""
    return not options.model_names() and not all(
        (options.uploads / f"{name}.safetensors").is_file() for name in CHECKPOINTS
    )


def begin(runs: Runs, options: Options, data: str = "mnist") -> str:
    """Start the run, or continue the one that an earlier start of the app began; returns its id.

    Args:
        data: "mnist", which is downloaded if it is missing, or "handwriting", generated digits.

    Raises:
        RunError: it cannot be started, see ``Runs.start``.
    """
    for run in runs.all():
        if run.get("name") == RUN_NAME and (run["alive"] or run["resumable"]):
            if not run["alive"]:
                runs.resume(run["id"])
            return run["id"]
    settings = RECIPES[FIRST_TRAINED[0]].but(epochs=EPOCHS, data=data, holdout=0, averaging=0.0)
    return runs.start(settings, name=RUN_NAME, twin=True, digits=DIGITS, device=options.device)


async def follow(training: TrainingService, status: Status) -> None:
    """Train the first networks and report the progress to every page, until they are saved or the run has failed."""
    try:
        run = await _trained(training, status)
        await training.call(_save, run["id"], training.options)
        await training.batcher.run(lambda engine: engine.networks.stand_in({}))
        await status.refresh(training.batcher)
        status.set("ready")
    except RunError as error:
        status.failed(str(error))


async def _trained(training: TrainingService, status: Status) -> dict[str, Any]:
    """The status of the run when it is done or was stopped by a visitor. RunError if it failed."""
    id = await training.call(begin, training.options, "mnist")
    shown = None
    while True:
        if shown != id:
            shown = id
            names = {name: (id, twin) for name, twin in CHECKPOINTS.items()}
            await training.batcher.run(lambda engine, names=names: engine.networks.stand_in(names))
            await status.refresh(training.batcher)
        run = await training.call(lambda runs, id=id: runs.status(id))
        if run["state"] in ("done", "stopped"):
            return run
        if run["state"] not in AT_WORK:
            if run["code"] != "data" or run["settings"]["data"] != "mnist":
                raise RunError(run["kind"], **run["values"])
            await training.call(lambda runs, id=id: runs.delete(id))  # MNIST cannot be downloaded
            id = await training.call(begin, training.options, "handwriting")
            continue
        accuracy = run.get("accuracy") or run.get("train_accuracy") or 0.0
        percent = round(100 * (run.get("step") or 0) / (run.get("steps") or 1))
        status.set("training", percent=percent, accuracy=round(100 * accuracy, 1), data=run["settings"]["data"])
        training.changed()
        await asyncio.sleep(POLL)


def _save(runs: Runs, id: str, options: Options) -> None:
    for name, twin in CHECKPOINTS.items():
        (options.uploads / f"{name}.safetensors").unlink(missing_ok=True)  # from an earlier start that was interrupted
        runs.save(id, "latest", name, options.uploads, twin=twin)
