"""Seeded generators of hostile input: pictures, checkpoints, messages, forms, file references. The same seed, the same bytes."""

from __future__ import annotations

import io
import json
import random
import struct
from collections.abc import Iterator

import torch
from PIL import Image
from safetensors.torch import save

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model

ODD = [
    "",
    "\0",
    "\ud800",
    "é" * 50,
    "<img src=x onerror=alert(1)>",
    "../../etc/passwd",
    "a" * 5000,
    "\u202e",
    "NaN",
    "0",
]
ODD += ["__proto__", "constructor", "${7*7}", "'; DROP TABLE runs; --", "\r\nX: y", "%00", "file:///etc/passwd"]
NUMBERS = [0, -1, 1e308, -1e308, 2**53, 2**64, -0.0, 1e-320, 10**400, float("nan"), float("inf"), 0.1, 3]
FORMATS = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "ICO"]


def value(rng: random.Random, depth: int = 0):
    """Anything that JSON can hold, and some that it cannot."""
    kind = rng.randrange(8 if depth < 4 else 5)
    if kind == 0:
        return rng.choice(ODD)
    if kind in (1, 2):
        return rng.choice(NUMBERS)
    if kind == 3:
        return rng.choice([None, True, False])
    if kind == 4:
        return rng.uniform(-1000, 1000)
    if kind == 5:
        return [value(rng, depth + 1) for _ in range(rng.randrange(6))]
    return {rng.choice([*ODD, "id", "p", "x", "path"]): value(rng, depth + 1) for _ in range(rng.randrange(5))}


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Cut off, flipped, doubled, or with bytes put in."""
    data = bytearray(data)
    kind = rng.randrange(5)
    if kind == 0:
        return bytes(data[: rng.randrange(len(data) + 1)])
    if kind == 1:
        for _ in range(rng.randrange(1, 20)):
            if data:
                data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 2:
        at = rng.randrange(len(data) + 1)
        data[at:at] = rng.randbytes(rng.randrange(1, 200))
    elif kind == 3:
        at = rng.randrange(len(data) + 1)
        del data[at : at + rng.randrange(1, 200)]
    else:
        data += bytes(data)
    return bytes(data)


def pictures(seed: int, count: int) -> Iterator[bytes]:
    rng = random.Random(seed)
    for _ in range(count):
        kind = rng.randrange(6)
        if kind == 0:
            yield rng.randbytes(rng.randrange(2000))
        elif kind == 1:
            yield float_tiff(rng)
        else:
            size = (rng.choice([1, 2, 3, 28, 100, 300]), rng.choice([1, 2, 28, 100, 300]))
            mode = rng.choice(["L", "RGB", "RGBA", "1", "P", "I;16", "CMYK", "F", "LA"])
            image = Image.effect_noise(size, rng.uniform(0, 200)) if rng.random() < 0.7 else Image.new("L", size)
            file = io.BytesIO()
            try:
                image.convert(mode).save(file, rng.choice(FORMATS))
            except (OSError, ValueError, KeyError):  # a format that does not know this mode
                image.save(file, "PNG")
            yield damaged(rng, file.getvalue()) if kind > 2 else file.getvalue()


def float_tiff(rng: random.Random) -> bytes:
    """A grey TIFF of 32-bit floats, some of which are none or beyond all."""
    side = rng.randrange(4, 12)
    pixels = [rng.choice([0.0, 1.0, 3e38, -3e38, float("nan"), float("inf"), 1e-40]) for _ in range(side * side)]
    data = struct.pack(f"<{side * side}f", *pixels)
    tags = [(256, 3, 1, side), (257, 3, 1, side), (258, 3, 1, 32), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    tags += [(277, 3, 1, 1), (278, 3, 1, side), (279, 4, 1, len(data)), (339, 3, 1, 3)]
    table = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + table + bytes(4)


def good_checkpoint() -> bytes:
    torch.manual_seed(0)
    model = build_model(ModelConfig())
    about = {"format": checkpoints.FORMAT, "config": model.config.to_json(), "provenance": "{}"}
    return save({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, about)


def hostile_checkpoints(seed: int, count: int) -> Iterator[bytes]:
    """Of a good one: damaged bytes, a header of odd values, tables that lie about the weights."""
    rng, good = random.Random(seed), good_checkpoint()
    length = int.from_bytes(good[:8], "little")
    header = json.loads(good[8 : 8 + length])
    for _ in range(count):
        kind = rng.randrange(5)
        if kind == 0:
            yield damaged(rng, good[: 8 + length + 400] if rng.random() < 0.5 else good)
            continue
        changed = json.loads(json.dumps(header))
        about = changed["__metadata__"]
        if kind == 1:
            field = rng.choice(["test_error", "distortion", "seed", "settings", "epochs", "machine", "versions"])
            about["provenance"] = json.dumps({field: value(rng)})
        elif kind == 2:
            config = json.loads(about["config"])
            config[rng.choice([*config, "in_channels", "classes", "class_names", "looks"])] = value(rng)
            about["config"] = json.dumps(config)
        elif kind == 3:
            name = rng.choice([name for name in changed if name != "__metadata__"])
            changed[name][rng.choice(["dtype", "shape", "data_offsets"])] = value(rng)
        else:
            changed[rng.choice([*changed, "more"])] = value(rng)
        text = json.dumps(changed).encode()
        yield (len(text) + rng.choice([0, 0, 0, 1, -1])).to_bytes(8, "little") + text + good[8 + length :]


REQUEST = {
    "id": 7,
    "source": {"kind": "strokes", "strokes": [{"w": 80, "e": 0, "p": [300, 200, 700, 200, 450, 800]}]},
    "raw": False,
    "pose": {"rotation": 10, "scale": 1, "shift_x": 0, "shift_y": 0, "shear": 0, "elastic": 1, "elastic_seed": 3},
    "model": "seed-affine",
    "twin": None,
    "grab": {"theta": [1, 0, 0, 0, 1, 0]},
    "sampler": "bilinear",
    "padding": "zeros",
    "density": True,
    "inspect": {"view": "warped", "x": 3, "y": 4},
    "gradient": True,
    "target": 3,
    "layers": {"points": True, "step": 2},
    "lang": "en",
}


def messages(seed: int, count: int) -> Iterator[str]:
    """Questions with an odd value somewhere, and text that is no question."""
    rng = random.Random(seed)
    for _ in range(count):
        if rng.random() < 0.2:
            yield rng.choice(
                ["", "{", "[]", "null", "9" * 5000, "[" * 10_000, '{"id": ' + "1" * 400 + "}", "\0", '"x"']
            )
            continue
        request = json.loads(json.dumps(REQUEST))
        for _ in range(rng.randrange(1, 4)):
            holder = request
            key = rng.choice(list(request))
            while isinstance(holder[key], (dict, list)) and holder[key] and rng.random() < 0.7:
                holder = holder[key]
                key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            holder[key] = value(rng)
        yield json.dumps(request)


def forms(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """(route, JSON text) of the Train page's posts; none of them starts a run."""
    rng = random.Random(seed)
    actions = ["stop", "pause", "resume", "step", "delete", "rename", "rate", "reset", "save", "replay", "start"]
    for _ in range(count):
        action = rng.choice(actions)
        values = {key: value(rng) for key in rng.sample(["id", "name", "step", "rate", "seed", "twin", "format"], 4)}
        if action == "start":
            values["settings"] = {"no such field": value(rng), "batch_size": value(rng), "model": value(rng)}
        yield f"/stn/train/{action}", json.dumps(values)


def references(seed: int, count: int, folder: str) -> Iterator[dict]:
    """Bodies of calls to /explain that name files which were never uploaded."""
    rng = random.Random(seed)
    paths = [
        "/etc/passwd",
        "/dev/zero",
        "/dev/stdin",
        "/proc/self/mem",
        "/",
        "~",
        ".",
        folder,
        f"{folder}/..",
        "x" * 300,
    ]
    paths += [
        f"{folder}/../x",
        f"{folder}//x",
        "http://127.0.0.1:1/x.png",
        "https://example.org/x.png",
        "file:///etc/passwd",
    ]
    for _ in range(count):
        path = rng.choice([*paths, *ODD, value(rng)])
        file = {"path": path, "meta": {"_type": "gradio.FileData"}, "url": rng.choice([None, *paths, value(rng)])}
        for key in rng.sample(["is_stream", "size", "orig_name", "mime_type", "meta"], rng.randrange(3)):
            file[key] = value(rng)
        data = [file, 0, 1, 0, 0, 0, "", False]
        if rng.random() < 0.5:
            data[rng.randrange(1, 8)] = rng.choice([value(rng), file])
        yield {"data": data, "fn_index": rng.choice([0, 1, 2, 3, 4, 5]), "session_hash": "hostile"}
