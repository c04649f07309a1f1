"""From any picture to the digit in it."""

import os
import threading
import time
import warnings

import numpy as np
import pictures
import pillow_heif
import pytest
import torch
from PIL import Image, ImageDraw

from stn_demo.data import cutting, mnist, picture, scenes
from stn_demo.data.refused import NO_DIGIT
from stn_demo.data.scenes.agreement import likeness
from stn_demo.limits import LARGEST_PICTURE


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


def refusal(data, raw=False):
    with pytest.raises(picture.PictureError) as error:
        picture.read(data, raw)
    return error.value


def averaged(image):
    """What ``raw`` must give for an 8-bit picture of 56 x 56: the mean of each 2 x 2."""
    return np.asarray(image).reshape(28, 2, 28, 2).mean((1, 3)) / 255


@pytest.fixture(scope="module")
def seven():
    return picture.read(pictures.GOOD["drawn.png"]())


# -- pictures that hold a digit


@pytest.mark.parametrize("name", pictures.GOOD)
def test_every_picture_of_the_seven_is_the_same_digit(name, seven):
    digit = picture.read(pictures.GOOD[name]())
    assert digit.shape == (28, 28) and digit.dtype == torch.float32
    assert digit.min() >= 0 and digit.max() <= 1 and digit.max() > 0.9
    assert max(extent(digit)) in (19, 20, 21)
    assert centre(digit) == pytest.approx((13.5, 13.5), abs=0.4)
    assert digit[0].max() == digit[:, 0].max() == digit[:, -1].max() == 0
    # the 7 of 28 pixels, and the photograph that enlarges it, have steps in their strokes
    assert likeness(digit, seven) > {"hairline.png": 0.8, "tiny.png": 0.85, "phone.jpg": 0.85}.get(name, 0.9)


def test_the_digit_is_the_ink_itself_cut_out_and_averaged(seven):
    expected = the_seven()
    best = max(
        likeness(seven[top : top + 20, left : left + expected.shape[1]], expected)
        for top in range(0, 9)
        for left in range(0, 29 - expected.shape[1])
    )
    assert best > 0.95


@pytest.mark.parametrize("kind, tags", [("JPEG", range(1, 9)), ("PNG", (6,)), ("WEBP", (6,)), ("TIFF", (6,))])
def test_the_orientation_tag_is_honoured(kind, tags, seven):
    for tag in tags:
        assert likeness(picture.read(pictures.turned(tag, kind)), seven) > 0.95, tag


def test_picture_with_a_damaged_orientation_tag_is_read(seven):
    data = pictures.turned(1).replace(b"MM\x00*\x00\x00\x00\x08", b"MM\x00*\xff\xff\xff\xff")
    assert data != pictures.turned(1)
    assert likeness(picture.read(data), seven) > 0.95


def test_ink_may_be_in_the_opacity_alone(seven):
    for grey in (0, 128, 255):
        assert likeness(picture.read(pictures.transparent(grey)), seven) > 0.99


def test_colours_of_transparent_pixels_are_ignored(seven):
    image = Image.merge("LA", [pictures.drawn(ink=0, paper=255), pictures.drawn(ink=255, paper=0)])
    noise = np.random.default_rng(0).integers(0, 256, (400, 400), dtype=np.uint8)
    opacity = image.getchannel("A")
    scribbled = Image.composite(image.getchannel("L"), Image.fromarray(noise), opacity)
    scribbled = Image.merge("LA", [scribbled, opacity])
    assert likeness(picture.read(pictures.encoded(scribbled)), seven) > 0.99


# -- raw


def test_raw_only_resizes():
    image = pictures.drawn((56, 56), ink=200, paper=40)
    assert np.abs(picture.read(pictures.encoded(image), raw=True).numpy() - averaged(image)).max() < 0.01
    inverse = pictures.drawn((56, 56), ink=40, paper=200)
    assert np.abs(picture.read(pictures.encoded(inverse), raw=True).numpy() - averaged(inverse)).max() < 0.01


def test_raw_accepts_blank_pictures_and_pads_to_a_black_square():
    assert picture.read(pictures.BAD["white.png"][0](), raw=True).min() == 1
    wide = picture.read(pictures.encoded(pictures.drawn((300, 100))), raw=True)
    assert wide[:8].max() == wide[-8:].max() == 0 and wide[14].min() > 0
    assert picture.read(pictures.BAD["nothing.png"][0](), raw=True).max() == 0


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_more_bits_are_the_same_brightness(bits):
    image = pictures.drawn((56, 56), ink=40, paper=255)
    deep = (np.asarray(image).astype(np.float64) / 255 * (2**bits - 1)).round().astype(np.uint16)
    for kind in ("PNG", "TIFF"):
        digit = picture.read(pictures.encoded(Image.fromarray(deep), kind), raw=True)
        assert np.abs(digit.numpy() - averaged(image)).max() < 0.01


@pytest.mark.parametrize("scale, shift", [(1 / 255, 0), (1, 0), (257, 0), (1e36, -1.3e38)])
def test_floats_of_any_range_are_brightness(scale, shift, seven):
    values = (np.asarray(pictures.drawn()).astype(np.float64) * scale + shift).astype(np.float32)
    values[3, 3], values[5, 5] = np.nan, np.inf
    assert likeness(picture.read(pictures.encoded(Image.fromarray(values), "TIFF")), seven) > 0.95
    values[:] = np.nan
    assert refusal(pictures.encoded(Image.fromarray(values), "TIFF")).code == "blank"


def test_a_float_tiff_beyond_float32_with_a_nan_is_read_or_refused(seven):
    values = np.full((8, 8), 3e38, np.float32)
    values[2, 3] = np.nan
    assert refusal(pictures.encoded(Image.fromarray(values), "TIFF")).code == "blank"
    values = np.where(np.asarray(pictures.drawn()) > 128, 3e38, -3e38).astype(np.float32)
    values[3, 3] = np.nan
    assert likeness(picture.read(pictures.encoded(Image.fromarray(values), "TIFF")), seven) > 0.9


# -- HEIC


def heic():
    pillow_heif.register_heif_opener()
    return pictures.encoded(pictures.drawn().convert("RGB"), "HEIF")


def test_heic_is_read(seven):
    assert likeness(picture.read(heic()), seven) > 0.95


def test_damaged_heic_is_broken():
    assert refusal(heic()[:400]).code == "broken"


def test_heic_without_a_decoder_is_refused_with_instructions(monkeypatch):
    data = heic()
    monkeypatch.setattr(picture, "HEIF_DECODERS", ("no_such_decoder",))
    error = refusal(data)
    assert error.code == "heic" and "HEIC" in str(error) and "JPEG" in str(error) and "pip install" in str(error)


# -- pictures that are refused


@pytest.mark.parametrize("name", pictures.BAD)
def test_a_bad_picture_is_refused_with_a_sentence_and_a_code(name):
    make, code = pictures.BAD[name]
    error = refusal(make())
    assert error.code == code
    assert str(error).endswith(".") and "\n" not in str(error) and len(str(error)) < 160


def test_too_many_bytes_are_refused_before_they_are_decoded():
    assert refusal(pictures.GOOD["drawn.png"]() + bytes(LARGEST_PICTURE)).code == "too_large_bytes"


def test_decompression_bomb_is_refused_quickly():
    for make in (pictures.bomb, pictures.many_scans):
        data = make()
        start = time.monotonic()
        refusal(data, raw=True)
        assert time.monotonic() - start < 1


def test_video_appended_to_a_jpeg_is_not_counted_as_scans(seven):
    film = b"\xff\xda" * 500
    jpeg = pictures.encoded(pictures.drawn(), "JPEG", progressive=True)
    assert likeness(picture.read(jpeg + film), seven) > 0.95


def test_grain_alone_is_blank():
    noise = np.random.default_rng(0).normal(200, 6, (300, 400)).clip(0, 255).astype(np.uint8)
    assert refusal(pictures.encoded(Image.fromarray(noise))).code == "blank"


def searched(monkeypatch, image):
    """What is found on a picture, or the code of its refusal, and how many times it was searched."""
    cut, seen = cutting.cut, []
    monkeypatch.setattr(cutting, "cut", lambda grey: (seen.append(grey), cut(grey))[1])
    data = pictures.encoded(image)
    try:
        return picture.find(data), len(seen)
    except picture.PictureError as error:
        return error.code, len(seen)


def marked(ink, rules):
    image = Image.new("RGB", (800, 600), (248, 246, 240))
    draw = ImageDraw.Draw(image)
    for y in range(60, 600, 80) if rules else ():
        draw.line((0, y, 800, y + 8), fill=(150, 170, 210), width=3)
    draw.line([(330, 180), (460, 180), (380, 420)], fill=ink, width=14)
    return image


@pytest.mark.parametrize("rules", [False, True])
def test_a_digit_as_bright_as_its_paper_is_found_by_its_colour(monkeypatch, rules):
    found, count = searched(monkeypatch, marked((255, 250, 120), rules))  # a yellow marker
    assert count == 2 and len(found.digits) == 1
    black = picture.read(pictures.encoded(marked((20, 20, 20), False)))
    assert likeness(found.digits[0], black) > 0.95


@pytest.mark.parametrize("number", [1, 2, 5, 8, 9])  # desks, rules and scribbles, whose colours differ from the paper's
def test_a_picture_without_a_digit_is_searched_once(monkeypatch, number):
    """Each further search takes as long as the first."""
    code, count = searched(monkeypatch, scenes.make("nothing", number, "unseen").image)
    assert (code in NO_DIGIT, count) == (True, 1)


# -- arbitrary bytes


def test_any_bytes_raise_only_picture_errors():
    random = np.random.default_rng(1)
    small = pictures.drawn((28, 28))
    kinds = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
    seeds = [pictures.encoded(small.convert("RGB"), kind) for kind in kinds]
    seeds += [pictures.encoded(small.convert(mode)) for mode in ("P", "LA")] + [pictures.animated()]
    seeds += [pictures.encoded(small.convert("CMYK"), "JPEG"), pictures.encoded(small.convert("LAB"), "TIFF")]
    outcomes = set()
    for turn in range(1500):
        data = bytearray(seeds[turn % len(seeds)])
        if turn % 4 == 0:  # a whole header, then anything
            data[16:] = random.bytes(len(data) - 16)
        for _ in range(random.integers(1, 8)):
            data[random.integers(min(len(data), 400))] = random.integers(256)
        data = bytes(data[: random.integers(1, len(data) + 1)] if turn % 3 == 0 else data)
        try:
            digit = picture.read(data, raw=turn % 2 == 0)
            assert digit.isfinite().all() and digit.shape == (28, 28) and 0 <= digit.min() <= digit.max() <= 1
            outcomes.add("read")
        except picture.PictureError as error:
            outcomes.add(error.code)
    assert {"read", "broken", "not_an_image"} <= outcomes


def test_warnings_of_pillow_are_suppressed_only_while_decoding():
    palette = pictures.drawn().convert("P")
    data = pictures.encoded(palette, transparency=bytes(range(256)))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        readers = [threading.Thread(target=picture.read, args=(data, True)) for _ in range(4)]
        [reader.start() for reader in readers]
        [reader.join() for reader in readers]
        refusal(pictures.bomb())
        assert not heard
        warnings.warn("still heard", stacklevel=1)
        assert len(heard) == 1


@pytest.mark.skipif(not os.environ.get("STN_DEMO_DATA"), reason="real digits: set STN_DEMO_DATA")
def test_real_digits_on_photographed_paper_are_recovered():
    digits = mnist.load(train=False, download=False).images[:30].float() / 255
    found = []
    for index, digit in enumerate(digits):
        photo = pictures.on_paper(digit.numpy(), (480, 360), seed=index).convert("RGB")
        read = picture.read(pictures.encoded(photo, "JPEG", quality=75))
        # MNIST centres half a pixel further down and right than a frame's middle
        moved = [read, read.roll(1, 0), read.roll(1, 1), read.roll((1, 1), (0, 1))]
        found.append(likeness(sum(moved) / 4, digit))
    assert np.mean(found) > 0.9 and np.min(found) > 0.6
