"""Generates pictures like those that people upload, good and bad, so that no files need to be stored."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SEVEN = [(0.28, 0.2), (0.72, 0.2), (0.45, 0.85)]


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def drawn(size=(400, 400), ink=0, paper=255, mode="L", points=SEVEN, width=0.08) -> Image.Image:
    """A 7 in one stroke."""
    image = Image.new(mode, size, paper)
    side = min(size)
    left, top = (size[0] - side) / 2, (size[1] - side) / 2
    path = [(left + x * side, top + y * side) for x, y in points]
    pen = ImageDraw.Draw(image)
    pen.line(path, fill=ink, width=max(1, round(width * side)), joint="curve")
    for x, y in (path[0], path[-1]):
        reach = width * side / 2
        pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=ink)
    return image


def on_paper(mask: np.ndarray, size=(640, 480), seed=0, ink=60.0) -> Image.Image:
    """``mask`` [28, 28] in 0..1 as dark ink on a photographed sheet: off centre, uneven light, grain."""
    random = np.random.default_rng(seed)
    side = int(min(size) * random.uniform(0.45, 0.8))
    big = Image.fromarray((mask * 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    cover = np.zeros((size[1], size[0]))
    top, left = random.integers(0, size[1] - side + 1), random.integers(0, size[0] - side + 1)
    cover[top : top + side, left : left + side] = np.asarray(big) / 255
    y, x = np.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j]
    light = 205 + 25 * x * random.uniform(-1, 1) + 25 * y * random.uniform(-1, 1) - 25 * (x * x + y * y)
    photo = light * (1 - cover) + ink * cover + random.normal(0, 5, cover.shape)
    return Image.fromarray(photo.clip(0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))


def seven_mask() -> np.ndarray:
    return np.asarray(drawn((28, 28), 255, 0)) / 255


def phone_photo() -> bytes:
    photo = on_paper(seven_mask(), (1600, 1200), seed=3).convert("RGB")
    return encoded(photo, "JPEG", quality=80)


def turned(tag: int, kind: str = "JPEG") -> bytes:
    """Stored rotated or mirrored, with an orientation tag (Exif 2.3, tag 0x0112)."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = tag
    stored = drawn((400, 300)).convert("RGB")
    return encoded(stored.transpose(undo[tag]) if tag > 1 else stored, kind, exif=exif.tobytes())


def turned_jpeg() -> bytes:
    """Stored on its side, as by a phone held upright."""
    return turned(6)


def transparent(ink: int) -> bytes:
    """Ink of one brightness on a transparent background."""
    cover = drawn(ink=255, paper=0)
    image = Image.new("RGBA", cover.size, (ink, ink, ink, 0))
    image.putalpha(cover)
    return encoded(image)


def bomb() -> bytes:
    """A PNG of a few bytes whose header declares 30,000 x 30,000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def animated(kind: str = "GIF") -> bytes:
    frames = [drawn((60, 60)), drawn((60, 60), ink=255, paper=0)]
    frames = [frame.convert("RGB") for frame in frames]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def many_scans() -> bytes:
    """A small progressive JPEG that repeats its last scan 2,000 times; decoding a large one would take minutes."""
    data = encoded(drawn(), "JPEG", progressive=True)
    scan = data[data.rfind(b"\xff\xc4", 0, data.rfind(b"\xff\xda")) : -2]
    return data[:-2] + scan * 2000 + data[-2:]


def sticker() -> bytes:
    """A grey sheet with ink on a transparent background."""
    image = Image.new("RGBA", (500, 500), (0, 0, 0, 0))
    image.paste(drawn((300, 300), 30, 180).convert("RGBA"), (100, 100))
    return encoded(image)


def sixteen_bit() -> bytes:
    return encoded(Image.fromarray(np.asarray(drawn()).astype(np.uint16) * 257))


GOOD = {
    "drawn.png": lambda: encoded(drawn()),
    "light-on-dark.png": lambda: encoded(drawn(ink=240, paper=20)),
    "phone.jpg": phone_photo,
    "turned.jpg": turned_jpeg,
    "transparent-dark.png": lambda: transparent(0),
    "transparent-light.png": lambda: transparent(255),
    "sixteen-bit.png": sixteen_bit,
    "cmyk.jpg": lambda: encoded(drawn().convert("RGB").convert("CMYK"), "JPEG"),
    "palette.gif": lambda: encoded(drawn().convert("P"), "GIF"),
    "coloured.png": lambda: encoded(drawn(ink=(20, 40, 160), paper=(250, 240, 210), mode="RGB")),
    "wide.png": lambda: encoded(drawn((900, 300))),
    "hairline.png": lambda: encoded(drawn((3000, 3000), width=0.002)),
    "tiny.png": lambda: encoded(drawn((28, 28))),
    "sticker.png": sticker,
    "red-on-green.png": lambda: encoded(drawn(ink=(200, 40, 40), paper=(0, 138, 60), mode="RGB")),
    "two-pages.tiff": lambda: encoded(drawn(), "TIFF", save_all=True, append_images=[Image.new("L", (9, 9))]),
}
BAD = {
    "empty.png": (lambda: b"", "empty"),
    "truncated.png": (lambda: encoded(drawn())[:600], "broken"),
    "text.png": (lambda: b"This is not a picture.\n" * 20, "not_an_image"),
    "bomb.png": (bomb, "too_many_pixels"),
    "animated.gif": (animated, "animated"),
    "animated.webp": (lambda: animated("WEBP"), "animated"),
    "animated.png": (lambda: animated("PNG"), "animated"),
    "scans.jpg": (many_scans, "broken"),
    "drawing.eps": (lambda: encoded(drawn(), "EPS"), "not_an_image"),
    "one-pixel.png": (lambda: encoded(Image.new("L", (1, 1), 255)), "too_small"),
    "black.png": (lambda: encoded(Image.new("L", (300, 300), 0)), "blank"),
    "white.png": (lambda: encoded(Image.new("RGB", (300, 300), "white")), "blank"),
    "nothing.png": (lambda: encoded(Image.new("RGBA", (300, 300), (0, 0, 0, 0))), "blank"),
}
