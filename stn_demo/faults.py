"""What can be wrong with a run, or take its time, as data: kind -> the sentence for people, with {holes} for its
values.

What stands before the first "_" of a kind is its code: which sort of fault it is, for programs. A page in another
language has a sentence of its own for each kind, and fills in the same values.
"""

from __future__ import annotations

import errno

SENTENCES = {
    "unknown_run": "There is no training run '{run}'.",
    "unknown_step": "'{step}' is no step; give a whole number or 'latest'.",
    "unknown_network": "The run {run} has kept no copy of the network at step {step}.",
    "unknown_twin": "The run {run} has kept no copy of its plain twin at step {step}.",
    "running_beginning": "Someone else is just starting a training; watch it, or try again.",
    "running_other": "One run is trained at a time, and '{name}' is; watch it, or stop it first.",
    "running_already": "The run '{name}' is being trained already.",
    "running_kept": "A run that is being trained cannot be deleted; stop it first.",
    "state_ending": "The run '{name}' is just ending.",
    "state_still": "The run '{name}' is {state}; it is not being trained.",
    "foreign_app": "The run '{name}' is trained from elsewhere, and driven there.",
    "foreign_terminal": "The run '{name}' belongs to a terminal; go on there with: {command}",
    "settings_none": "{what} is no training settings.",
    "settings_device": "The device is {device!r}; choose cpu, cuda or auto.",
    "settings_digits": "digits is {digits!r}; give a whole number from 1, or nothing for all.",
    "settings_rate": "The learning rate is {rate!r}; give a number from {least:g} to {most:g}.",
    "settings_parts": "settling is {settling:g} and widening {widening:g}: parts of one run, at most 1 together.",
    "settings_undistorted": "undistorted is {undistorted:g}, but digits as written are {written} px and the distorted ones "
    "{frame}; make it 0.",
    "settings_holdout": "holdout is {holdout}, but there are only {count} training digits.",
    "settings_single": "On a feature map this small the deep localization network learns from how the digits of a batch differ, "
    "and batch_size is 1; give at least 2.",
    "settings_other": "{why}",
    "settings_state": "The run cannot go on, for its state cannot be read: {why}",
    "data_absent": "MNIST is not in {folder}; give its folder, or train on the embedded digits.",
    "data_download": "{why}",
    "data_folder": "MNIST's folder {folder} cannot be used: {why}.",
    "disk_full": "The disk of {folder} has only {free:,} MB left, and a run wants {wanted:,} MB; make room first.",
    "disk_new": "The run cannot be written: {why}.",
    "disk_start": "The training cannot be started: {why}.",
    "disk_training": "The run could not be written to the disk ({why}); make room there, then resume.",
    "disk_refused": "The run may not be written any more ({why}); allow it again, then resume.",
    "disk_name": "The run cannot be renamed: {why}.",
    "disk_save": "The network cannot be saved: {why}.",
    "disk_other": "The disk does not take it: {why}.",
    "folder_use": "The folder of runs, {folder}, cannot be used: {why}.",
    "folder_delete": "The run cannot be deleted: {why}.",
    "limit_asked": "A run takes more than 0 and at most {most:g} minutes; {minutes!r} is neither.",
    "limit_spent": "The run '{name}' has reached the limit of {most:g} minutes.",
    "limit_reached": "The run has reached its limit of {most:g} minutes and was stopped.",
    "limit_runs": "There are {count} runs, and no more are kept; delete some.",
    "limit_bytes": "The runs take {taken:,} MB of at most {most:,} MB; delete some.",
    "platform_locks": "Training from the page needs Linux or macOS.",
    "name_run": "A run's name is up to {most} letters in a line.",
    "name_network": "{name!r} is not a checkpoint name; use up to {most} letters, digits, dots, dashes and underscores.",
    "name_taken": "There is a checkpoint {name} already; choose another name.",
    "closed_app": "The app has ended; resume goes on from here.",
    "killed_signal": "The process of the training has ended unexpectedly (killed by signal {signal}); resume goes on from "
    "the last saved step.",
    "killed_exit": "The process of the training has ended unexpectedly; resume goes on from the last saved step.",
    "diverged_loss": "The loss is no finite number any more: the training has diverged. Lower the learning rate, and "
    "resume from step {step} or begin again.",
    "diverged_gradient": "The gradient is no finite number any more: the training has diverged. Lower the learning rate, "
    "and resume from step {step} or begin again.",
    "diverged_outside": "The transformer at '{point}' gets no gradient any more: its grid lies wholly outside the picture, "
    "where all pixels are alike. Lower localization_factor or the learning rate, and resume from step {step} or begin "
    "again.",
    "diverged_high": "The loss has stayed above twice that of guessing ({high}). Lower the learning rate, and resume from "
    "step {step} or begin again.",
    "diverged_twin": "The plain twin has gone astray and takes the run with it. Lower the learning rate, and resume from "
    "step {step} or begin again.",
    "busy_download": "downloading MNIST",
    "busy_drawing": "drawing digits",
    "busy_timing": "measuring the speed of this machine",
    "busy_testing": "measuring on the test digits",
    "error_unforeseen": "The training failed ({error}: {why}).",
}


def sentence(kind: str, **values: object) -> str:
    return SENTENCES[kind].format(**values)


def told(kind: str, **values: object) -> dict:
    """What a run's status says of it."""
    return {"code": kind.partition("_")[0], "kind": kind, "values": values, "message": sentence(kind, **values)}


NOTHING = {"code": "", "kind": "", "values": {}, "message": ""}


class RunError(ValueError):
    """What was asked of a run cannot be; the message is one sentence for people.

    Attributes:
        kind, values: the sentence and what fills its holes, see ``SENTENCES``.
        code: which sort, for programs: running, unknown, state, foreign, settings, data, disk, folder, name, limit,
            platform.
        run: the id of the run that is in the way, where code is "running".
    """

    def __init__(self, kind: str, run_in_the_way: str | None = None, **values: object):
        super().__init__(sentence(kind, **values))
        self.kind, self.values, self.run = kind, values, run_in_the_way
        self.code = kind.partition("_")[0]


def why(error: Exception) -> dict:
    """What the system, or a checkpoint that could not be read or written, says: ``why``, without a full stop, and
    the name of the system's error, "" where it is none."""
    system = error if isinstance(error, OSError) else error.__context__  # a CheckpointError stands for one
    name, text = "", None
    if isinstance(system, OSError):
        name, text = errno.errorcode.get(system.errno, ""), system.strerror
    return {"why": (text or (str(error).splitlines() or [""])[0]).rstrip("."), "errno": name}
