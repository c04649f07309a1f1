"""A small folder of colour pictures, one folder per class: shapes on a coloured background, for tests with the user's own pictures."""

import random

from PIL import Image, ImageDraw

NAMES = ("circle", "square", "triangle")


def shape(name, seed, side=40):
    """One picture, RGB; its shapes, positions and colours depend on the name and the seed."""
    choose = random.Random(f"{name} {seed}")
    ground = tuple(choose.randrange(70) for _ in range(3))
    ink = tuple(choose.randrange(150, 256) for _ in range(3))
    image = Image.new("RGB", (side, side), ground)
    draw, size = ImageDraw.Draw(image), choose.randrange(side // 2, side - 8)
    x, y = choose.randrange(4, side - size - 3), choose.randrange(4, side - size - 3)
    if name == "circle":
        draw.ellipse((x, y, x + size, y + size), fill=ink)
    elif name == "square":
        draw.rectangle((x, y, x + size, y + size), fill=ink)
    else:
        draw.polygon([(x + size / 2, y), (x + size, y + size), (x, y + size)], fill=ink)
    return image


def write(root, count=20, names=NAMES, side=40):
    """Write ``count`` pictures per class below ``root``; returns ``root``."""
    for name in names:
        (root / name).mkdir(parents=True)
        for seed in range(count):
            shape(name, seed, side).save(root / name / f"{seed:03}.png")
    return root
