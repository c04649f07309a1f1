"""Watches over the first training of a machine that has no networks: a process of its own, its words on the page."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from ..runs.first import NAMES
from .options import Options

ROOT = Path(__file__).resolve().parents[2]  # where the package can be found, installed or not
LONGEST_WAIT = 60.0  # seconds until the untrained networks must be there


class FirstTraining:
    def __init__(self, options: Options):
        self.folder = options.uploads
        self.process = None
        if all((self.folder / f"{name}.safetensors").is_file() for name in NAMES) and self._finished():
            return  # trained at an earlier start
        for name in NAMES:
            (self.folder / f"{name}.safetensors").unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "stn_demo.runs.first",
            str(self.folder),
            str(options.data or ""),
            options.device,
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
        )
        end = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < end and self.process.poll() is None:
            if all((self.folder / f"{name}.safetensors").is_file() for name in NAMES):
                break
            time.sleep(0.1)

    def _finished(self) -> bool:
        from ..checkpoints import CheckpointError, read_info

        try:
            return all("test_error" in read_info(self.folder / f"{name}.safetensors").provenance for name in NAMES)
        except CheckpointError:
            return False

    async def watch(self, status, batcher) -> None:
        """Tell every page how the training goes, until it is done."""
        if self.process is None:
            return
        words: dict = {}
        while line := await asyncio.to_thread(self.process.stdout.readline):
            try:
                words = json.loads(line)
            except ValueError:
                continue  # the data set's own progress
            if "step" in words:
                percent = round(100 * words["step"] / words["steps"])
                status.tell("training", percent=percent, accuracy=words["accuracy"], data=words["data"])
        if words.get("done"):
            status.values["models"] = await batcher.run(lambda engine: engine.networks.infos())
            status.tell("ready")
        else:
            status.failed(words.get("failed", "the training process ended"))

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
