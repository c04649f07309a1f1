"""Freed memory goes back to the system."""

import asyncio
import ctypes
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from stn_demo.ui import heap

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the settings are those of glibc")

GROWTH = """
import ctypes, threading
from pathlib import Path
from stn_demo.ui import heap

{before}
gate = threading.Barrier(9)
def work():
    kept = ctypes.CDLL(None).malloc(1000)
    gate.wait()
    gate.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
gate.wait()
print(Path("/proc/self/maps").read_text().count("---p"))
gate.wait()
"""


def heaps(before: str) -> int:
    """Address ranges reserved while eight threads hold memory: each heap beyond the first reserves one, each thread another."""
    code = GROWTH.format(before=before)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return int(ran.stdout)


def test_few_heaps():
    assert heaps("heap.limit()") <= heaps("") - 5


def resident() -> int:
    """kB"""
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS"))


def test_freed_memory_is_returned(monkeypatch):
    monkeypatch.setattr(heap, "EVERY", 0.01)
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_size_t],
        [ctypes.c_void_p],
    )
    blocks = [libc.malloc(100_000) for _ in range(1000)]
    for block in blocks:
        ctypes.memset(block, 1, 100_000)
    for block in blocks[:-1]:  # the last one keeps the top of the heap where it is
        libc.free(block)
    full = resident()

    async def waited():
        task = asyncio.create_task(heap.trimmed())
        for _ in range(500):
            await asyncio.sleep(0.01)
            if resident() < full - 80_000:
                break
        task.cancel()

    asyncio.run(waited())
    assert resident() < full - 80_000
    libc.free(blocks[-1])
