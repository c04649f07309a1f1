"""Networks for the server under test, and its binary messages."""

import json
import struct

import numpy as np

STROKES = {"kind": "strokes", "strokes": [{"w": 80, "e": 0, "p": [300, 200, 700, 200, 450, 800]}]}


def decode(message):
    length = struct.unpack("<I", message[:4])[0]
    header = json.loads(message[4 : 4 + length])
    offset, arrays = 4 + length, {}
    assert offset % 8 == 0
    for name, code, shape in header["arrays"]:
        kind = np.dtype({"i2": "<i2", "u1": "u1"}[code])
        size = int(np.prod(shape)) * kind.itemsize
        arrays[name] = np.frombuffer(message[offset : offset + size], kind).reshape(shape)
        offset += size
    assert offset == len(message)
    return header, arrays
