"""A crowd on the page's own channel: 100 people, each turning a digit 10 times a second for 30 seconds.

    python tests/benchmarks/crowd.py [--people 100] [--rate 10] [--seconds 30] [--url http://127.0.0.1:7860]

Without --url it starts the app itself. Every update must be answered; prints how many were, how many failed, and the
latency from sending to the whole answer, p50 / p95 / p99.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import socket
import statistics
import struct
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import websockets

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def served():
    """The app on a free port of this machine: its address."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/stn/strip", timeout=30).read()
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


async def person(address: str, digit: str, rate: float, end: float, latencies: list, failures: list) -> int:
    """One visitor: sends at a steady pace whether or not the last answer has come; the number of updates sent."""
    sent: dict[int, float] = {}
    async with websockets.connect(address, max_size=1 << 20, compression=None) as channel:

        async def receive():
            async for message in channel:
                now = time.perf_counter()
                if isinstance(message, bytes):
                    length = struct.unpack("<I", message[:4])[0]
                    number = json.loads(message[4 : 4 + length])["id"]
                    latencies.append(now - sent.pop(number))
                elif "error" in json.loads(message):
                    failures.append(message)

        receiver = asyncio.create_task(receive())
        await asyncio.sleep(random.random() / rate)
        number, due = 0, time.perf_counter()
        while due < end:
            number += 1
            request = {
                "id": number,
                "source": {"kind": "digit", "digit": digit},
                "pose": {"rotation": random.uniform(-180, 180), "scale": random.uniform(0.5, 1.5)},
            }
            sent[number] = time.perf_counter()
            await channel.send(json.dumps(request))
            due += 1 / rate
            await asyncio.sleep(max(0, due - time.perf_counter()))
        for _ in range(50):
            if not sent:
                break
            await asyncio.sleep(0.1)
        failures += [f"update {left} was never answered" for left in sent]
        receiver.cancel()
        return number


async def crowd(url: str, people: int, rate: float, seconds: float) -> None:
    digit = json.loads(urllib.request.urlopen(f"{url}/stn/strip").read())["handwriting"][5]["digit"]
    assert len(base64.b64decode(digit)) == 784
    address = url.replace("http", "ws", 1) + "/stn/live"
    latencies: list[float] = []
    failures: list[str] = []
    start = time.perf_counter()
    visits = [person(address, digit, rate, start + seconds, latencies, failures) for _ in range(people)]
    sent = sum(await asyncio.gather(*visits))
    took = time.perf_counter() - start
    p50, p95, p99 = (1000 * percentile(latencies, part) for part in (0.5, 0.95, 0.99))
    print(
        f"{people} people, {rate:g} updates/s each, {seconds:g} s: {sent} sent, {len(latencies)} answered, {len(failures)} failed"
    )
    print(f"{len(latencies) / took:.0f} updates/s; p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, ", end="")
    print(f"mean {1000 * statistics.mean(latencies):.1f} ms")
    for failure in failures[:5]:
        print("  ", failure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--rate", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--url")
    options = parser.parse_args()
    if options.url:
        asyncio.run(crowd(options.url, options.people, options.rate, options.seconds))
    else:
        with served() as url:
            asyncio.run(crowd(url, options.people, options.rate, options.seconds))


if __name__ == "__main__":
    main()
