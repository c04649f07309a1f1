"""A process that trains a run, from its own side: ``process.WorkerProcess`` starts it.

Standard input is a socket: through it come the lock of a run, then its ``Task``, then orders, a line each. When it
ends, because the app closed it or died, the process saves the state of the run and ends.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import torch

from ..data.digits import Digits
from ..training.settings import TrainingSettings
from .data_source import DataSource
from .folder import RunFolder
from .pair import Pair
from .parent import parent
from .process import FRESH, NICE
from .worker import Worker

SILENCE = 20.0  # seconds after which a server that says nothing is given up, in a download


def rehearse() -> None:
    """Train a step, and load what reads MNIST: what is loaded only when it is first used, is loaded now."""
    importlib.import_module("torchvision.datasets")
    stripes = torch.arange(28 * 28).view(1, 28, 28) % 255
    digits = Digits(stripes.to(torch.uint8), torch.zeros(1, dtype=torch.int64))
    pair = Pair(TrainingSettings(batch_size=1, epochs=1), digits, False, torch.device("cpu"), {})
    pair.advance()
    pair.states(), pair.models(), pair.report()


@dataclass(frozen=True)
class Task:
    """What a process is told to do, as a line of JSON.

    Attributes:
        folder: of the run.
        data: folder of MNIST, see ``mnist.folder``; without ``download``, it has to be there.
        save_every: seconds.
        orders: to obey before the first step.
    """

    folder: str
    data: str | None = None
    download: bool = True
    save_every: float = 2.0
    orders: tuple[str, ...] = ()


def receive() -> Task | None:
    """Wait for a run, whose lock this process then holds; None where none came in time."""
    with socket.socket(fileno=os.dup(0)) as line:
        line.settimeout(FRESH + 60)
        try:
            byte, _, _, _ = socket.recv_fds(line, 1, 1)
        except TimeoutError:
            return None
        finally:
            line.settimeout(None)
    return Task(**json.loads(sys.stdin.readline())) if byte else None


def listen(orders: queue.SimpleQueue[str]) -> None:
    """Put the lines of standard input in the queue."""
    for line in sys.stdin:
        orders.put(line.strip())
    orders.put("close")


def main() -> None:
    torch.set_num_threads(1)
    socket.setdefaulttimeout(SILENCE)
    rehearse()
    task = receive()
    if task is None:
        return
    os.nice(NICE - os.nice(0))
    folder = RunFolder(Path(task.folder))
    data = DataSource(task.data, task.download, folder.path.parent)
    worker = Worker(folder, queue.SimpleQueue(), data, task.save_every)
    for order in task.orders:
        worker.orders.put(order)
    signal.signal(signal.SIGTERM, lambda number, frame: worker.orders.put("close"))
    parent.on_gone = lambda: worker.orders.put("close")
    threading.Thread(target=listen, args=(worker.orders,), daemon=True).start()
    if not worker.run():
        print(json.dumps(worker.journal.status), flush=True)  # for whoever started it


if __name__ == "__main__":
    main()
    os._exit(0)  # a thread may be reading standard input, over which an orderly exit stumbles
