"""Colour pictures through networks of 3 channels and of 1: frames, the inspector and the conversion to grey."""

import own_pictures
import pytest
import torch
from PIL import Image

from stn_demo.analysis import colours
from stn_demo.analysis.frame import frames
from stn_demo.analysis.scene import Scene
from stn_demo.data import folder
from stn_demo.data.pose import Pose, pose_images
from stn_demo.model import ModelConfig, build_model


def picture(side=40):
    return folder.fitted(own_pictures.shape("circle", 3), 3, side)


def network(**config):
    torch.manual_seed(0)
    model = build_model(ModelConfig(classes=3, class_names=own_pictures.NAMES, **config)).eval()
    for transformer in model.transformers.values():
        torch.nn.init.normal_(transformer.localization.theta.weight, std=0.05)
    return model


def test_a_frame_of_a_colour_picture_is_in_colour():
    model, pose = network(in_channels=3, input_size=40, transform="similarity", looks=2), Pose(rotation=30, scale=0.8)
    scene = Scene(picture(), pose, inspect=("warped", 20, 17), density=True, gradient=True)
    frame = frames(model, [scene], network(placement=()))[0]
    with torch.no_grad():
        seen = pose_images(picture()[None] / 255, [pose], 40)
        trace = model.trace(seen)
    assert torch.equal(frame.input, seen[0])
    assert frame.warped.shape == (3, 40, 40)
    assert torch.allclose(frame.warped, trace.transforms[0].warped[0], atol=1e-5)
    assert torch.allclose(frame.probs, trace.log_probs[0].exp(), atol=1e-5)
    assert [look.warped.shape for look in frame.looks] == [(3, 40, 40)] * 2
    assert torch.allclose(frame.looks[-1].warped, frame.warped, atol=1e-5)
    # the inspector's sum is that of the mean of the channels
    total = sum(weight * value for _, _, weight, value, _ in frame.inspect["taps"])
    assert total == pytest.approx(float(frame.warped[:, 17, 20].mean()), abs=1e-5)
    assert frame.density.shape == (40, 40) and frame.push.arrows.shape == (40, 40, 2)


def test_a_plain_twin_of_another_size_and_channels_gets_the_same_picture_in_grey():
    model, twin = network(in_channels=3, input_size=40), network(placement=(), input_size=28)
    frame = frames(model, [Scene(picture())], twin)[0]
    with torch.no_grad():
        own = twin(folder.fitted(own_pictures.shape("circle", 3), 1, 28)[None] / 255).exp()[0]
    assert (frame.twin_probs - own).abs().max() < 0.03, "resized twice, so not to the last digit"


def test_a_grey_digit_stays_one_channel_in_a_network_of_three():
    digit = torch.randint(0, 256, (28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    frame = frames(network(in_channels=3), [Scene(digit)])[0]
    assert frame.input.shape == frame.warped.shape == (28, 28)


def test_colours_become_grey_as_in_training():
    image = own_pictures.shape("square", 5)
    grey = folder.fitted(image, 1, 40)[0]
    found = colours.fitted(folder.fitted(image, 3, 40), 40, 1)
    assert found.shape == (40, 40) and (found.int() - grey.int()).abs().max() <= 1
    red = folder.fitted(Image.new("RGB", (9, 9), (255, 0, 0)), 3, 28)
    assert colours.fitted(red, 14, 3).flatten(1).float().mean(1).tolist() == [255, 0, 0]
