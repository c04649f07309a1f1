"""Faults and delays of a run as data: kind -> an English sentence with {fields} for its values.

The part of a kind before the first "_" is its code, which groups kinds for programs. A page in another language has its
own sentence for each kind and fills in the same values.
"""

from __future__ import annotations

import errno
from typing import Any

SENTENCES = {
    "unknown_run": "There is no training run '{run}'.",
    "unknown_step": "Unknown step '{step}'; give a whole number or 'latest'.",
    "unknown_network": "The run {run} has no saved network at step {step}.",
    "unknown_twin": "The run {run} has no saved plain twin at step {step}.",
    "running_beginning": "Another training is starting; watch it, or try again.",
    "running_other": "Only one run can be trained at a time, and '{name}' is being trained; watch it, or stop it first.",
    "running_already": "The run '{name}' is already being trained.",
    "running_kept": "A run that is being trained cannot be deleted; stop it first.",
    "state_ending": "The run '{name}' is ending.",
    "state_still": "The run '{name}' is {state}; it is not being trained.",
    "foreign_app": "The run '{name}' is being trained by another app; control it there.",
    "foreign_terminal": "The run '{name}' was started in a terminal; continue it there with: {command}",
    "settings_none": "Training settings are needed, not {what}.",
    "settings_device": "There is no device {device!r}; choose auto, cpu, cuda or mps.",
    "settings_digits": "digits is {digits!r}; give a whole number from 1, or leave it out for all digits.",
    "settings_rate": "The learning rate is {rate!r}; give a number from {least:g} to {most:g}.",
    "settings_parts": "settling is {settling:g} and widening is {widening:g}; their sum must be at most 1.",
    "settings_undistorted": "undistorted is {undistorted:g}, but undistorted digits have {written} px and distorted ones "
    "{frame} px; set it to 0.",
    "settings_holdout": "holdout is {holdout}, but there are only {count} training digits.",
    "settings_single": "batch_size is 1; on a feature map this small the batch normalisation of the localization network needs "
    "at least 2.",
    "settings_other": "{why}",
    "settings_state": "The run cannot be resumed because its saved state cannot be read: {why}",
    "data_absent": "MNIST is not in {folder}; give its folder, or train on the generated digits.",
    "data_download": "{why}",
    "data_folder": "MNIST's folder {folder} cannot be used: {why}.",
    "disk_full": "The disk of {folder} has only {free:,} MB left, but a run needs {wanted:,} MB; make room first.",
    "disk_new": "The run cannot be written: {why}.",
    "disk_start": "The training cannot be started: {why}.",
    "disk_training": "The run could not be written to the disk ({why}); make room there, then resume.",
    "disk_refused": "The run can no longer be written ({why}); restore the permission, then resume.",
    "disk_name": "The run cannot be renamed: {why}.",
    "disk_save": "The network cannot be saved: {why}.",
    "disk_other": "Writing to the disk failed: {why}.",
    "folder_use": "The folder of runs, {folder}, cannot be used: {why}.",
    "folder_delete": "The run cannot be deleted: {why}.",
    "limit_asked": "minutes is {minutes!r}; give a number above 0 and at most {most:g}.",
    "limit_spent": "The run '{name}' has reached the limit of {most:g} minutes.",
    "limit_reached": "The run has reached its limit of {most:g} minutes and was stopped.",
    "limit_runs": "There are already {count} runs, which is the limit; delete some.",
    "limit_bytes": "The runs take {taken:,} MB of at most {most:,} MB; delete some.",
    "platform_locks": "Training from the page needs Linux or macOS.",
    "name_run": "The name of a run has at most {most} characters, on one line.",
    "name_network": "{name!r} is not a checkpoint name; use up to {most} letters, digits, dots, dashes and underscores.",
    "name_taken": "The checkpoint {name} already exists; choose another name.",
    "closed_app": "The app was closed; resume continues from here.",
    "killed_signal": "The training process ended unexpectedly (killed by signal {signal}); resume continues from the last "
    "saved step.",
    "killed_exit": "The training process ended unexpectedly; resume continues from the last saved step.",
    "diverged_loss": "The training has diverged: the loss is no longer a finite number. Lower the learning rate, and "
    "resume from step {step} or start again.",
    "diverged_gradient": "The training has diverged: the gradient is no longer a finite number. Lower the learning rate, "
    "and resume from step {step} or start again.",
    "diverged_outside": "The transformer at '{point}' no longer gets a gradient: its grid is entirely outside the image, "
    "where all pixels are equal. Lower localization_factor or the learning rate, and resume from step {step} or start "
    "again.",
    "diverged_high": "The loss has stayed above twice the loss of guessing ({high}). Lower the learning rate, and resume from "
    "step {step} or start again.",
    "diverged_twin": "The plain twin has diverged, which stops the run. Lower the learning rate, and resume from step "
    "{step} or start again.",
    "busy_download": "downloading MNIST",
    "busy_drawing": "drawing digits",
    "busy_timing": "measuring the speed of this machine",
    "busy_testing": "measuring on the test digits",
    "error_memory": "The training needs more memory than this machine has; choose smaller batches or a smaller network.",
    "error_unforeseen": "The training failed for an unexpected reason: {why}.",
    "error_unexplained": "The training failed for an unexpected reason, which the log of the app records.",
}


def sentence(kind: str, **values: object) -> str:
    return SENTENCES[kind].format(**values)


def status_fields(kind: str, **values: object) -> dict[str, Any]:
    """The fields code, kind, values and message of a run's status."""
    return {"code": kind.partition("_")[0], "kind": kind, "values": values, "message": sentence(kind, **values)}


NOTHING = {"code": "", "kind": "", "values": {}, "message": ""}


class RunError(ValueError):
    """A request about a run cannot be fulfilled; the message is one sentence for the user.

    Attributes:
        kind, values: the key in ``SENTENCES``, and the values of its fields.
        code: the group of the kind, for programs: running, unknown, state, foreign, settings, data, disk, folder, name,
            limit, platform.
        run: the id of the other run that prevents this, if code is "running".
    """

    def __init__(self, kind: str, blocking_run: str | None = None, **values: object):
        super().__init__(sentence(kind, **values))
        self.kind, self.values, self.run = kind, values, blocking_run
        self.code = kind.partition("_")[0]


def why(error: Exception) -> dict[str, Any]:
    """The reason that the operating system or a failed checkpoint gives.

    Returns:
        why: the reason, without a full stop; errno: the name of the system's error, "" if it is not one.
    """
    system = error if isinstance(error, OSError) else error.__context__  # a CheckpointError wraps one
    name, text = "", None
    if isinstance(system, OSError):
        name, text = errno.errorcode.get(system.errno or 0, ""), system.strerror
    return {"why": (text or (str(error).splitlines() or [""])[0]).rstrip("."), "errno": name}
