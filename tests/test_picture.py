"""From any picture to the digit in it."""

import os
import time

import numpy as np
import pictures
import pytest
import torch

from stn_demo.data import mnist, picture

def the_seven():
    """The drawn 7 at the size of a digit, by another way: drawn large, cut, and averaged over areas."""
    large = np.asarray(pictures.drawn((1400, 1400), ink=255, paper=0)) / 255
    rows, columns = large.any(1).nonzero()[0], large.any(0).nonzero()[0]
    cut = torch.tensor(large[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])[None, None]
    width = round(20 * cut.shape[3] / cut.shape[2])
    return torch.nn.functional.interpolate(cut, (20, width), mode="area")[0, 0].float()


def extent(digit, level=0.15):
    rows, columns = (digit > level).any(1).nonzero()[:, 0], (digit > level).any(0).nonzero()[:, 0]
    return int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1


def centre(digit):
    at = torch.arange(28.0)
    return float((digit.sum(1) * at).sum() / digit.sum()), float((digit.sum(0) * at).sum() / digit.sum())


def likeness(one, other):
    return float(np.corrcoef(one.flatten(), other.flatten())[0, 1])


@pytest.mark.parametrize("name", pictures.GOOD)
def test_every_picture_of_the_seven_is_the_same_digit(name):
    digit = picture.read(pictures.GOOD[name]())
    assert digit.shape == (28, 28) and digit.dtype == torch.float32
    assert digit.min() >= 0 and digit.max() <= 1 + 1e-6 and digit.max() > 0.9
    assert max(extent(digit)) in (19, 20, 21)
    assert centre(digit) == pytest.approx((13.5, 13.5), abs=0.4)
    assert digit[0].max() == digit[:, 0].max() == digit[:, -1].max() == 0
    reference = picture.read(pictures.GOOD["drawn.png"]())
    assert likeness(digit, reference) > (0.8 if name == "hairline.png" else 0.9)


def test_the_digit_is_the_ink_itself_cut_out_and_averaged():
    digit, expected = picture.read(pictures.GOOD["drawn.png"]()), the_seven()
    best = max(
        likeness(digit[top : top + 20, left : left + expected.shape[1]], expected)
        for top in range(0, 9)
        for left in range(0, 29 - expected.shape[1])
    )
    assert best > 0.95


@pytest.mark.parametrize("name", pictures.BAD)
def test_a_bad_picture_is_refused_with_a_sentence_and_a_code(name):
    make, code = pictures.BAD[name]
    with pytest.raises(picture.PictureError) as error:
        picture.read(make())
    assert error.value.code == code
    assert str(error.value).endswith(".") and "\n" not in str(error.value) and len(str(error.value)) < 160


def test_too_many_bytes_are_refused_before_they_are_decoded():
    with pytest.raises(picture.PictureError) as error:
        picture.read(pictures.GOOD["drawn.png"]() + bytes(picture.MAX_BYTES))
    assert error.value.code == "too_large_bytes"


def test_a_bomb_takes_no_time():
    start = time.monotonic()
    with pytest.raises(picture.PictureError):
        picture.read(pictures.bomb())
    assert time.monotonic() - start < 1


def test_grain_alone_is_blank():
    noise = np.random.default_rng(0).normal(200, 6, (300, 400)).clip(0, 255).astype(np.uint8)
    with pytest.raises(picture.PictureError, match="nothing"):
        picture.read(pictures.encoded(pictures.Image.fromarray(noise)))


def test_raw_only_resizes():
    image = pictures.drawn((56, 56), ink=200, paper=40)
    expected = np.asarray(image).reshape(28, 2, 28, 2).mean((1, 3)) / 255
    assert np.abs(picture.read(pictures.encoded(image), raw=True).numpy() - expected).max() < 0.01
    assert picture.read(pictures.encoded(pictures.drawn((300, 100))), raw=True)[:8].max() == 0


def test_whatever_the_bytes_nothing_but_a_picture_error_comes_out():
    random = np.random.default_rng(1)
    seeds = [pictures.GOOD[name]() for name in ("tiny.png", "palette.gif", "turned.jpg", "cmyk.jpg")]
    for round_ in range(250):
        data = bytearray(seeds[round_ % len(seeds)])
        for _ in range(random.integers(1, 8)):
            data[random.integers(len(data))] = random.integers(256)
        data = bytes(data[: random.integers(1, len(data) + 1)] if round_ % 3 == 0 else data)
        try:
            digit = picture.read(data)
            assert digit.isfinite().all() and digit.shape == (28, 28)
        except picture.PictureError:
            pass


@pytest.mark.skipif(not os.environ.get("STN_DEMO_DATA"), reason="real digits: set STN_DEMO_DATA")
def test_real_digits_photographed_on_paper_come_back():
    digits = mnist.load(train=False, download=False).images[:60].float() / 255
    found = []
    for index, digit in enumerate(digits):
        photo = pictures.on_paper(digit.numpy(), seed=index).convert("RGB")
        read = picture.read(pictures.encoded(photo, "JPEG", quality=75))
        # MNIST centres half a pixel further down and right than a frame's middle
        moved = [read, read.roll(1, 0), read.roll(1, 1), read.roll((1, 1), (0, 1))]
        found.append(likeness(sum(moved) / 4, digit))
    assert np.mean(found) > 0.9 and np.min(found) > 0.6
