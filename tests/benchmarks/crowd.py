"""Many visitors on the page's channel: each rotates a digit 10 times a second, whether or not the last answer has arrived.

    python tests/benchmarks/crowd.py [--people 200 300 400 600] [--model turn-affine] [--rate 10] [--seconds 20] [--url http://127.0.0.1:7860]

Without --url it starts the app itself. The people live in processes of their own. For each crowd one line: questions sent,
answered and given up (a newer question of the same person took their place), the time from sending to the whole answer
(p50, p95), and how long after the crowd has gone a lone visitor's question takes less than 50 ms again. --memory prints the
app's memory (resident) before and after.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import random
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import websockets

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from app_process import free_port, wait_until_up  # noqa: E402 (of tests)

BACK = 0.05  # seconds: a lone visitor's answer, when all is as before
TAIL = 5.0  # seconds for the last answers


@contextmanager
def served():
    """The app on a free port of this machine: its address and its process id."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(url, process)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(10)


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def number_of(message: bytes | str) -> int:
    """The id of the question that a message answers; 0 for a message that answers none."""
    if isinstance(message, str):
        return 0 if message.startswith('{"status"') else json.loads(message)["id"]
    start = message.index(b'"id":', 4) + 5
    return int(message[start : message.index(b",", start)])


class Person:
    """One visitor. ``took``: seconds from sending to the answer, for each answer."""

    def __init__(self, question: str, rate: float):
        self.question, self.rate = question, rate
        self.sent: dict[int, float] = {}
        self.count = self.given_up = self.failed = 0
        self.took: list[float] = []

    async def visit(self, address: str, start: float, end: float) -> None:
        async with websockets.connect(address, max_size=1 << 20, compression=None, open_timeout=60) as channel:
            receiver = asyncio.create_task(self.receive(channel))
            await asyncio.sleep(max(0, start - time.time()) + random.random() / self.rate)
            due = time.time()
            while due < end:
                self.count += 1
                angle, scale = random.uniform(-180, 180), random.uniform(0.5, 1.5)
                self.sent[self.count] = time.perf_counter()
                await channel.send(
                    f'{{"id":{self.count},{self.question},"pose":{{"rotation":{angle:.3f},"scale":{scale:.3f}}}}}'
                )
                due += 1 / self.rate
                await asyncio.sleep(max(0, due - time.time()))
            last = time.time() + TAIL
            while self.sent and time.time() < last:
                await asyncio.sleep(0.05)
            receiver.cancel()

    async def receive(self, channel) -> None:
        async for message in channel:
            now = time.perf_counter()
            number = number_of(message)
            if not number:
                continue
            if isinstance(message, str):
                self.failed += 1
                self.sent.pop(number, None)
                continue
            self.took.append(now - self.sent.pop(number))
            for older in [other for other in self.sent if other < number]:  # its place was taken
                del self.sent[older]
                self.given_up += 1


def people(address: str, question: str, count: int, rate: float, start: float, end: float, results) -> None:
    """A part of a crowd, in a process of its own."""

    async def visit() -> list[Person]:
        crowd = [Person(question, rate) for _ in range(count)]
        await asyncio.gather(*(person.visit(address, start, end) for person in crowd))
        return crowd

    crowd = asyncio.run(visit())
    took = [seconds for person in crowd for seconds in person.took]
    left = [len(person.sent) for person in crowd]
    totals = (sum(p.count for p in crowd), sum(p.given_up for p in crowd), sum(p.failed for p in crowd), sum(left))
    fewest = min(len(person.took) for person in crowd)
    results.put((took, totals, fewest))


async def recovered(address: str, question: str) -> float:
    """Seconds until a lone visitor is answered within ``BACK``, five times in a row."""
    begun, good, since = time.perf_counter(), 0, 0.0
    async with websockets.connect(address, max_size=1 << 20, compression=None) as channel:
        for number in range(1, 10_000):
            asked = time.perf_counter()
            await channel.send(f'{{"id":{number},{question}}}')
            while number_of(await channel.recv()) != number:
                pass
            if time.perf_counter() - asked < BACK:
                since = since or asked - begun
                good += 1
                if good == 5:
                    return since
            else:
                good, since = 0, 0.0
    raise AssertionError("never")


def crowd(url: str, model: str, count: int, rate: float, seconds: float, processes: int) -> None:
    digit = json.loads(urllib.request.urlopen(f"{url}/stn/strip").read())["handwriting"][5]["digit"]
    assert len(base64.b64decode(digit)) == 784
    source = json.dumps({"source": {"kind": "digit", "digit": digit}, "model": model, "twin": "seed-cnn"})
    question = source[1:-1]
    address = url.replace("http", "ws", 1) + "/stn/live"
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    start = time.time() + 3 + count / 150  # until all have connected
    shares = [count // processes + (index < count % processes) for index in range(processes)]
    parts = [
        context.Process(target=people, args=(address, question, share, rate, start, start + seconds, results))
        for share in shares
    ]
    for part in parts:
        part.start()
    time.sleep(max(0, start + seconds - time.time()))
    back = asyncio.run(recovered(address, question))
    answers = [results.get() for _ in parts]
    for part in parts:
        part.join()
    took = [seconds for part, _, _ in answers for seconds in part]
    sent, given_up, failed, unanswered = (sum(totals[index] for _, totals, _ in answers) for index in range(4))
    print(
        f"{count} people, {model}, {seconds:g} s: {sent} sent, {len(took)} answered, {given_up} given up, {failed} failed, "
        f"{unanswered} open at the end; p50 {1000 * percentile(took, 0.5):.1f} ms, "
        f"p95 {1000 * percentile(took, 0.95):.1f} ms; fewest answers of one person {min(few for *_, few in answers)}; "
        f"back to normal after {back:.2f} s",
        flush=True,
    )


def memory(process: int) -> str:
    text = Path(f"/proc/{process}/status").read_text()
    return next(line.split(":")[1].strip() for line in text.splitlines() if line.startswith("VmRSS"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[200, 300, 400, 600])
    parser.add_argument("--model", default="turn-affine", help="network that the people look at, beside seed-cnn")
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--url")
    options = parser.parse_args()
    if options.url:
        for count in options.people:
            crowd(options.url, options.model, count, options.rate, options.seconds, options.processes)
        return
    with served() as (url, process):
        for count in options.people:
            before = memory(process)
            crowd(url, options.model, count, options.rate, options.seconds, options.processes)
            if options.memory:
                print(f"memory {before} before, {memory(process)} after")


if __name__ == "__main__":
    main()
