"""Attack an app as an anonymous visitor would, and count what went wrong.

    python tests/hostile/attack.py [--pictures 10000] [--checkpoints 2000] [--messages 5000] [--forms 500]
                                   [--references 500] [--stalled 50] [--seed 0]

Starts the app on a free port of this machine with folders of its own, sends generated input (``generators.py``) over
loopback, and prints for each kind how many were sent, answered with a 5xx, took longer than 5 s, or had a stack trace in the
answer; then the stack traces in the app's log, and its memory (resident) after a warm-up and at the end. Ends with 1 if
anything of that is not zero, or the memory has grown by 50 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import websockets

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
import generators  # noqa: E402 (stands beside this file)
from app_process import free_port, wait_until_up  # noqa: E402 (of tests)

SLOW = 5.0  # seconds
MOST_GROWTH = 50.0  # MB
AT_ONCE = 4  # requests under way


class Counts:
    """What was seen of one kind of input."""

    def __init__(self):
        self.sent = self.faults = self.slow = self.traces = 0
        self.statuses: dict[int, int] = {}

    def add(self, status: int, text: str, seconds: float) -> None:
        self.sent += 1
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.faults += status >= 500 and status != 503  # 503: too much is arriving, said with a sentence
        self.slow += seconds > SLOW
        self.traces += "Traceback" in text

    def bad(self) -> int:
        return self.faults + self.slow + self.traces

    def __str__(self) -> str:
        return f"{self.sent} sent, {self.faults} 5xx, {self.slow} over 5 s, {self.traces} stack traces; {self.statuses}"


async def post(client: httpx.AsyncClient, counts: Counts, path: str, **named) -> None:
    begun = time.perf_counter()
    try:
        answer = await client.post(path, timeout=60, **named)
        counts.add(answer.status_code, answer.text[:2000], time.perf_counter() - begun)
    except httpx.TransportError:  # the connection was closed in the middle of a body that is refused
        counts.add(0, "", time.perf_counter() - begun)


async def many(requests, send) -> None:
    """``send(request)`` for each, a few at a time."""
    free, tasks = asyncio.Semaphore(AT_ONCE), set()
    for request in requests:
        await free.acquire()
        task = asyncio.create_task(send(request))
        tasks.add(task)
        task.add_done_callback(lambda task: (tasks.discard(task), free.release()))
    await asyncio.gather(*tasks)


async def channel(url: str, texts, counts: Counts) -> None:
    """Each text as a question on the page's channel."""
    async with websockets.connect(url.replace("http", "ws", 1) + "/stn/live", max_size=1 << 20) as line:
        for text in texts:
            begun = time.perf_counter()
            await line.send(text)
            message = await asyncio.wait_for(line.recv(), 60)
            while isinstance(message, str) and message.startswith('{"status"'):
                message = await asyncio.wait_for(line.recv(), 60)
            failed = isinstance(message, str) and json.loads(message).get("error", {}).get("code") == "internal"
            counts.add(500 if failed else 200, str(message[:2000]), time.perf_counter() - begun)


async def stalled(port: int, count: int, counts: Counts) -> None:
    """Uploads that begin, send a megabyte, and never end: how long until the app closes them."""

    async def one() -> None:
        begun = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST /stn/picture HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n" + bytes(1 << 20)
        )
        try:
            head = await asyncio.wait_for(reader.read(4096), 60)
            status = int(head.split()[1]) if head else 0
            counts.add(status, head.decode("latin-1"), 0.0)
        except (OSError, asyncio.TimeoutError):
            counts.add(599 if time.perf_counter() - begun > 59 else 0, "", 0.0)
        writer.close()

    await asyncio.gather(*(one() for _ in range(count)))


async def attack(url: str, port: int, uploads: str, options: argparse.Namespace, scale: float) -> dict[str, Counts]:
    """All kinds; ``scale``: what part of the numbers asked for."""
    seed = options.seed + (scale < 1)
    counts = {kind: Counts() for kind in ("pictures", "checkpoints", "messages", "forms", "references", "stalled")}

    def number(kind: str) -> int:
        return round(getattr(options, kind) * scale)

    headers = {"content-type": "application/json"}
    async with httpx.AsyncClient(base_url=url) as client:
        await many(
            generators.pictures(seed, number("pictures")),
            lambda data: post(client, counts["pictures"], "/stn/picture", content=data),
        )
        await many(
            generators.hostile_checkpoints(seed, number("checkpoints")),
            lambda data: post(client, counts["checkpoints"], "/stn/network", content=data),
        )
        await channel(url, generators.messages(seed, number("messages")), counts["messages"])
        await many(
            generators.forms(seed, number("forms")),
            lambda form: post(client, counts["forms"], form[0], content=form[1].encode()),
        )
        await many(
            generators.references(seed, number("references"), uploads),
            lambda body: post(
                client, counts["references"], "/gradio_api/queue/join", content=json.dumps(body), headers=headers
            ),
        )
    await stalled(port, number("stalled"), counts["stalled"])
    return counts


def memory(process: int) -> float:
    """Resident memory, MB."""
    text = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1024


def started(folder: Path) -> tuple[subprocess.Popen, int]:
    """The app, with home, uploads and log in ``folder``; its process and port."""
    port = free_port()
    environment = {**os.environ, "HOME": str(folder), "GRADIO_TEMP_DIR": str(folder / "uploads")}
    command = [sys.executable, "app.py", "--port", str(port), "--runs", str(folder / "runs")]
    with open(folder / "app.log", "wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    wait_until_up(f"http://127.0.0.1:{port}", process, folder / "app.log")
    return process, port


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = {
        "pictures": 10_000,
        "checkpoints": 2000,
        "messages": 5000,
        "forms": 500,
        "references": 500,
        "stalled": 50,
    }
    for kind, number in {**numbers, "seed": 0}.items():
        parser.add_argument(f"--{kind}", type=int, default=number)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process, port = started(folder)
        url = f"http://127.0.0.1:{port}"
        try:
            asyncio.run(attack(url, port, str(folder / "uploads"), options, 0.1))  # caches and pools are filled now
            before = memory(process.pid)
            counts = asyncio.run(attack(url, port, str(folder / "uploads"), options, 1))
            after = memory(process.pid)
        finally:
            process.terminate()
            process.wait(20)
        log = (folder / "app.log").read_text(errors="replace")
        traces = log.count("Traceback")
    for kind, seen in counts.items():
        print(f"{kind}: {seen}")
    print(f"stack traces in the log: {traces}; memory {before:.0f} MB after the warm-up, {after:.0f} MB at the end")
    if traces:
        print(log[-6000:])
    return int(traces > 0 or after - before > MOST_GROWTH or any(seen.bad() for seen in counts.values()))


if __name__ == "__main__":
    sys.exit(main())
