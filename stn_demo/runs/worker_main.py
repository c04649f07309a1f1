"""The entry point of a process that trains a run; ``process.WorkerProcess`` starts it.

Standard input is a socket. It receives the lock of a run, then a ``Task``, then orders, one per line. When it is
closed, because the app closed it or ended, the process saves the state of the run and ends.
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
from .process import LONGEST_IDLE, NICE_TRAINING
from .worker import Worker

DOWNLOAD_TIMEOUT = 20.0  # seconds after which a download is given up if the server sends nothing


def warm_up() -> None:
    """Train one step on a synthetic digit and load torchvision, so that everything that loads on first use is loaded
    now.
    """
    importlib.import_module("torchvision.datasets")
    stripes = torch.arange(28 * 28).view(1, 28, 28) % 255
    digits = Digits(stripes.to(torch.uint8), torch.zeros(1, dtype=torch.int64))
    pair = Pair(TrainingSettings(batch_size=1, epochs=1), digits, False, torch.device("cpu"), {})
    pair.advance()
    pair.states(), pair.models(), pair.report()


@dataclass(frozen=True)
class Task:
    """What the process is to train, sent as one line of JSON.

    Attributes:
        folder: the folder of the run.
        data: folder of MNIST, see ``mnist.folder``.
        download: whether MNIST may be downloaded; if not, it must be in ``data``.
        save_every: seconds between two saved states.
        orders: obeyed before the first step.
    """

    folder: str
    data: str | None = None
    download: bool = True
    save_every: float = 2.0
    orders: tuple[str, ...] = ()


def receive() -> Task | None:
    """Wait for a run, whose lock this process then holds; None if none came in time."""
    with socket.socket(fileno=os.dup(0)) as line:
        line.settimeout(LONGEST_IDLE + 60)
        try:
            byte, _, _, _ = socket.recv_fds(line, 1, 1)
        except TimeoutError:
            return None
        finally:
            line.settimeout(None)
    return Task(**json.loads(sys.stdin.readline())) if byte else None


def listen(orders: queue.SimpleQueue[str]) -> None:
    """Put the lines of standard input into the queue."""
    for line in sys.stdin:
        orders.put(line.strip())
    orders.put("close")


def main() -> None:
    torch.set_num_threads(1)
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)
    warm_up()
    task = receive()
    if task is None:
        return
    os.nice(NICE_TRAINING - os.nice(0))
    folder = RunFolder(Path(task.folder))
    data = DataSource(task.data, task.download, folder.path.parent)
    worker = Worker(folder, queue.SimpleQueue(), data, task.save_every)
    for order in task.orders:
        worker.orders.put(order)
    signal.signal(signal.SIGTERM, lambda number, frame: worker.orders.put("close"))
    parent.on_gone = lambda: worker.orders.put("close")
    threading.Thread(target=listen, args=(worker.orders,), daemon=True).start()
    if not worker.run():
        print(json.dumps(worker.journal.status), flush=True)  # read by the process that started this one


if __name__ == "__main__":
    main()
    os._exit(0)  # a thread may still be reading standard input, which would block a normal exit
