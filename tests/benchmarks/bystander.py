"""The effect of a heavy network on visitors of another network: answers to one visitor who rotates a digit, while 0, 1 and 10
other visitors do the same with an uploaded network of many operations.

    python tests/benchmarks/bystander.py [--viewers 0 1 10] [--side 128] [--seconds 10]

Starts the app itself. For each number of viewers one line: operations of the heavy network for one picture, answers of the
bystander and of the viewers, and the bystander's time from question to answer (p50, p95).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import websockets
from crowd import number_of, percentile, served

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.live import cost

RATE = 10  # questions a second


def heavy_checkpoint(side: int) -> tuple[bytes, int]:
    """A network of pictures of ``side`` px as file, and its operations."""
    config = ModelConfig(classifier="deep", localization="deep", input_size=side, output_size=side)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heavy.safetensors"
        checkpoints.save(path, build_model(config), {})
        return path.read_bytes(), cost.operations(config)


def uploaded(url: str, data: bytes) -> str:
    """Upload a network; returns its name in the app."""
    asked = urllib.request.Request(f"{url}/stn/network", data, {"Content-Type": "application/octet-stream"})
    return json.loads(urllib.request.urlopen(asked).read())["name"]


async def visit(address: str, model: str, end: float, wait: bool) -> list[float]:
    """Seconds from each question to its answer. ``wait``: ask again only when the last answer has come."""
    took: list[float] = []
    sent: dict[int, float] = {}
    async with websockets.connect(address, max_size=1 << 22, compression=None) as channel:

        async def receive() -> None:
            async for message in channel:
                if begun := sent.pop(number_of(message), None):
                    took.append(time.perf_counter() - begun)

        receiver = asyncio.create_task(receive())
        number = 0
        while time.time() < end:
            if not (wait and sent):
                number += 1
                sent[number] = time.perf_counter()
                pose = {"rotation": random.uniform(-90, 90)}
                await channel.send(json.dumps({"id": number, "model": model, "twin": None, "pose": pose}))
            await asyncio.sleep(1 / RATE)
        receiver.cancel()
    return took


async def measured(address: str, heavy: str, viewers: int, seconds: float) -> tuple[list[float], int]:
    end = time.time() + seconds
    bystander, *others = await asyncio.gather(
        visit(address, "turn-affine", end, False), *(visit(address, heavy, end, True) for _ in range(viewers))
    )
    return bystander, sum(map(len, others))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, nargs="+", default=[0, 1, 10])
    parser.add_argument("--side", type=int, default=128, help="of the heavy network's pictures, px")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    data, operations = heavy_checkpoint(options.side)
    with served() as (url, _):
        name = uploaded(url, data)
        address = url.replace("http", "ws", 1) + "/stn/live"
        for viewers in options.viewers:
            took, others = asyncio.run(measured(address, name, viewers, options.seconds))
            print(
                f"{operations / 1e6:,.0f} million operations, {viewers} viewers: they got {others} answers; the bystander "
                f"{len(took)}, p50 {1000 * percentile(took, 0.5):.1f} ms, p95 {1000 * percentile(took, 0.95):.1f} ms",
                flush=True,
            )


if __name__ == "__main__":
    main()
