"""Start, control and read training runs. A run is a folder that outlives the app, see ``folder``."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import Any

from ..checkpoints import CheckpointError
from ..data import mnist
from ..faults import NOTHING, RunError, status_fields, why
from ..training.settings import TrainingSettings
from . import locks
from .endings import lost
from .export import save_network
from .folder import RunFolder
from .process import NICE_LOADING, NICE_TRAINING, WorkerProcess
from .requests import described, rate_order
from .states import AT_WORK, RESUMABLE
from .store import Limits, RunStore, called, checked_name, default_folder, elsewhere

__all__ = ["Limits", "RunError", "Runs", "default_folder"]


class Runs:
    """The runs in ``folder``.

    One run at a time is trained from here, by a process of its own that ends when this one ends. Runs that a terminal
    trains are visible here but cannot be controlled.

    Every method may be called from any thread, and raises ``RunError`` if it fails. Reading takes
    milliseconds. ``start`` waits up to 2 s if another process uses the folder; ``reset`` and ``close`` wait up to 8 s
    for a run to end. Orders (pause ... stop) return at once; the status changes later.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *,
        data_root: str | os.PathLike[str] | None = None,
        download: bool = True,
        limits: Limits = Limits(),
        save_every: float = 2.0,
        spare: WorkerProcess | None = None,
    ):
        """``folder``: see ``default_folder``; ``data_root``: see ``mnist.folder``; ``download``: whether MNIST may be
        downloaded; ``save_every``: seconds of training that a killed process may lose; ``spare``: a running process.
        """
        self.store = RunStore(folder, limits)
        self.data_root, self.download = data_root and str(data_root), download
        self.save_every = save_every
        self._mutex = threading.RLock()
        self._worker: WorkerProcess | None = None
        self._spare = spare
        self._closed = False

    # -- reading

    def all(self) -> list[dict[str, Any]]:
        """The ``status`` of every run, newest first."""
        found = []
        for run in self.store.all():
            with contextlib.suppress(RunError):  # deleted in the meantime, or not a run
                found.append(self.status(run.id))
        return found[::-1]

    def check(self) -> None:
        """RunError if the folder cannot be read, in which case ``all`` returns nothing."""
        self.store.check()

    def status(self, id: str) -> dict[str, Any]:
        """The fields of run.json and status.json, and: alive (a process trains it), controlled (that process is controlled
        from here), resumable (``resume`` would start a process). A run whose process was killed is "lost" from then on.
        """
        run = self.store.run(id)
        held = run.alive()  # ask first: a process writes its last status before it releases the lock
        worker = self._driven(id)
        # A run started in a terminal has no twin, and its file has no such field.
        status = {"twin": False, **run.about(), **run.status()}
        if not held and status.get("state") in AT_WORK:
            status |= lost(worker.final_status() if worker else {})
            if status.get("terminal"):
                status |= status_fields("foreign_terminal", **elsewhere(run))
        if worker:
            worker.running()  # otherwise a process that has ended would stay as a zombie
        alive, resumable = status.get("state") in AT_WORK, status.get("state") in RESUMABLE
        resumable = resumable and not status.get("terminal")
        return {**status, "alive": alive, "controlled": alive and worker is not None, "resumable": resumable}

    def events(self, id: str, since: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The lines of the log after the cursor ``since``, and the cursor for the next call. A log begins with a line
        "start"; if "start" comes again, the log was cut and is sent again as a whole.
        """
        return self.store.run(id).events(since)

    def snapshots(self, id: str) -> list[int]:
        """The steps at which the network was saved, in ascending order."""
        return self.store.run(id).snapshots()

    def path(self, id: str, step: int | str = "latest", twin: bool = False) -> Path:
        """The checkpoint of a snapshot, or of the current network ("latest"), which is rewritten every second or so."""
        run = self.store.run(id)
        if step != "latest" and (isinstance(step, bool) or not isinstance(step, int)):
            raise RunError("unknown_step", step=str(step)[:20])
        path = run.network(step, twin)
        if not path.is_file():
            raise RunError("unknown_twin" if twin else "unknown_network", run=id, step=step)
        return path

    # -- starting and ending

    def start(
        self,
        settings: TrainingSettings,
        *,
        name: str = "",
        twin: bool = False,
        minutes: float | None = None,
        digits: int | None = None,
        device: str = "cpu",
    ) -> str:
        """Start a run; returns its id.

        Args:
            name: a name for display.
            twin: also train the network without its transformers, on the same batches.
            minutes: train as many epochs as this machine manages in this time, measured in the first second.
            digits: train on the first ``digits`` digits only.
            device: "auto", "cpu" (one core), "cuda", "cuda:N" or "mps". Runs are reproducible to the bit on the CPU.
        """
        longest = self.store.limits.minutes
        return self._start(described(settings, name, twin, minutes, digits, device, longest))

    def _start(self, about: dict[str, Any]) -> str:
        if about["settings"]["data"] == "mnist" and not self.download and not mnist.is_complete(self.data_root):
            raise RunError("data_absent", folder=str(mnist.folder(self.data_root)))
        about |= {"longest_minutes": self.store.limits.minutes}
        with self._mutex, self.store.alone(self._own()):
            run = self.store.create(about)
            try:
                self._spawn(run)
            except RunError:
                run.delete()
                raise
        return run.id

    def resume(self, id: str, rate: float | None = None) -> None:
        """Continue a paused run, or one whose process has ended, from its last saved state; with another rate, if
        given.
        """
        self._order(id, *(() if rate is None else (rate_order(rate),)), "resume")

    def pause(self, id: str) -> None:
        self._order(id, "pause", spawn=False)

    def step(self, id: str) -> None:
        """Train one step, then pause. Starts a new process if that of the run has ended."""
        self._order(id, "step")

    def set_rate(self, id: str, rate: float) -> None:
        """Set the learning rate (at the top of the schedule) from the next step on."""
        self._order(id, rate_order(rate), spawn=False)

    def stop(self, id: str) -> None:
        """Save the state and end the process; the run can be resumed."""
        self._order(id, "stop", spawn=False)

    def reset(self, id: str, seed: int | None = None) -> str:
        """Start the run again as a new one, with its original learning rate, and end the old one if it is controlled
        from here; returns the new id. With the same ``seed`` it is the same to the bit (on the CPU of one machine).
        """
        about = self.status(id)
        settings = TrainingSettings.from_dict(about["settings"])
        try:
            settings = settings if seed is None else settings.but(seed=seed)
        except ValueError as error:
            raise RunError("settings_other", why=str(error)) from None
        if about["controlled"]:
            with self._mutex:
                if self._worker is not None:
                    self._worker.close()
        kept = ("name", "twin", "minutes", "digits", "device", "steps")
        return self._start({name: about.get(name) for name in kept} | {"settings": settings.to_dict()})

    def warm(self) -> None:
        """Keep a process ready, so that starting a run takes no seconds. If that fails, ``start`` will report why."""
        with self._mutex:
            if not self._closed and (self._spare is None or not self._spare.fresh):
                self._end_spare()
                self._spare = WorkerProcess.spare(NICE_TRAINING)

    def close(self) -> None:
        """End the processes; the state of the run is saved, and the run can be resumed."""
        with self._mutex:
            self._closed = True
            self._end_spare()
            if self._worker is not None:
                self._worker.close()

    def _end_spare(self) -> None:
        old, self._spare = self._spare, None
        if old is not None:
            old.close()

    def _order(self, id: str, *orders: str, spawn: bool = True) -> None:
        """Send orders to the process of a run; start one if it has ended, or raise RunError without ``spawn``."""
        with self._mutex:
            status, run, worker = self.status(id), self.store.run(id), self._driven(id)
            if status["alive"] and worker is not None:
                if not all(map(worker.send, orders)):
                    raise RunError("state_ending", name=called(run))
            elif status["alive"] and not spawn:
                raise RunError("foreign_app", name=called(run))
            elif status.get("terminal") and not status["alive"]:
                raise RunError("foreign_terminal", **elsewhere(run))
            elif not spawn or not (status["resumable"] or status["alive"]):
                raise RunError("state_still", name=called(run), state=status["state"])
            else:
                longest = self.store.limits.minutes
                if (status.get("seconds") or 0) >= 60 * longest:
                    raise RunError("limit_spent", name=called(run), most=longest)
                with self.store.alone(self._own()):
                    self._spawn(run, orders)

    def _own(self) -> str | None:
        """The id of the run that is trained from here, or None. Waits for a process that is just ending."""
        worker = self._worker
        if worker is None or worker.folder is None:
            return None
        if worker.running() and worker.folder.status().get("state") in AT_WORK:
            return worker.folder.id
        worker.close()
        return None

    def _driven(self, id: str) -> WorkerProcess | None:
        """The process of this run, if it was started from here."""
        worker = self._worker
        return worker if worker and worker.folder and worker.folder.id == id else None

    def _spawn(self, run: RunFolder, orders: tuple[str, ...] = ()) -> None:
        if self._worker is not None:
            self._worker.close()
        lock = None
        try:
            lock = locks.take(run.lock)
            if lock is None:
                raise RunError("running_already", run.id, name=called(run))
            run.amend(longest_minutes=self.store.limits.minutes)
            run.write_status({**run.status(), "state": "starting", **NOTHING})
            self._worker = self._given(run, lock, orders)
        except (OSError, CheckpointError) as error:
            raise RunError("disk_start", **why(error)) from None
        finally:
            if lock is not None:
                os.close(lock)  # the process holds its own copy

    def _given(self, run: RunFolder, lock: int, orders: tuple[str, ...]) -> WorkerProcess:
        """A process that has accepted the run. OSError if none can be started."""
        options = {"data": self.data_root, "download": self.download, "save_every": self.save_every}
        if self._spare is not None and self._spare.fresh and self._spare.take(run, lock, options, orders):
            worker, self._spare = self._spare, None
            return worker
        self._end_spare()
        worker = WorkerProcess(NICE_LOADING)
        if not worker.take(run, lock, options, orders):
            worker.close()
            raise OSError("its process ended at once")
        return worker

    # -- rename, delete, save

    def rename(self, id: str, name: str) -> None:
        try:
            self.store.run(id).amend(name=checked_name(name))
        except (OSError, CheckpointError) as error:
            raise RunError("disk_name", **why(error)) from None

    def delete(self, id: str) -> None:
        """Remove a run and all its files. RunError while the run is being trained."""
        with self._mutex:
            run = self.store.run(id)
            if self._own() == id or run.alive():
                raise RunError("running_kept", id)
            try:
                run.delete()
            except OSError as error:
                raise RunError("folder_delete", **why(error)) from None

    def save(
        self, id: str, step: int | str, name: str, folder: str | os.PathLike[str] | None = None, twin: bool = False
    ) -> Path:
        """Save a network of the run as the checkpoint ``name`` in ``folder`` (default: that of checkpoints); returns
        its path. Never overwrites another checkpoint.
        """
        return save_network(self.status(id), self.path(id, step, twin), name, folder, twin)
