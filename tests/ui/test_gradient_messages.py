"""The bytes that the page receives for the gradient and the map of the loss."""

import asyncio
import base64
import json
import struct
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from stn_demo import checkpoints
from stn_demo.analysis.gradient import loss_gradient, stepped
from stn_demo.data import handwriting
from stn_demo.data.pose import Pose, pose_images
from stn_demo.ui.live.batcher import Batcher
from stn_demo.ui.live.engine import Engine
from stn_demo.ui.live.networks import Networks
from stn_demo.ui.live.request import Defaults
from stn_demo.ui.options import CHECKPOINTS

DIGIT = handwriting.digits(10, seed=3)


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    engine = Engine(Networks(CHECKPOINTS, tmp_path_factory.mktemp("uploads")))

    def asked(**fields):
        source = {"kind": "digit", "digit": base64.b64encode(DIGIT.images[0].numpy().tobytes()).decode()}
        source["label"] = int(DIGIT.labels[0])
        text = json.dumps({"id": 5, "source": source, "model": "turn-affine", "twin": None, **fields})

        async def answer():
            batcher = Batcher(Defaults())
            await batcher.load(lambda: SimpleNamespace(engine=engine))
            return await batcher.answer(text)

        return decoded(asyncio.run(answer()))

    return asked


def decoded(message):
    if isinstance(message, str):
        return json.loads(message), {}
    length = struct.unpack("<I", message[:4])[0]
    header, arrays, offset = json.loads(message[4 : 4 + length]), {}, 4 + length
    for name, kind, shape in header["arrays"]:
        count = int(np.prod(shape))
        array = np.frombuffer(message, {"i2": "<i2", "u2": "<u2", "u1": "u1"}[kind], count, offset)
        arrays[name] = array.reshape(shape)
        offset += array.nbytes
    assert offset == len(message)
    return header, arrays


def test_a_frame_carries_the_arrows_and_theta_after_one_step(ask):
    header, arrays = ask(gradient=True, pose={"rotation": 50})
    sent = header["gradient"]
    model = checkpoints.load("turn-affine").requires_grad_(False)
    image = pose_images(DIGIT.images[:1, None].float() / 255, [Pose(rotation=50)])
    theta = model.trace(image).transforms[0].theta
    exact = loss_gradient(model, image, theta, DIGIT.labels[:1])
    shown = arrays["arrows"].astype(float) / 32767 * sent["longest"]
    np.testing.assert_allclose(shown, -exact.by_grid[0].numpy(), atol=sent["longest"] / 10_000)
    assert sent["loss"] == pytest.approx(float(exact.loss[0]), abs=1e-3) and sent["target"] == int(DIGIT.labels[0])
    assert sent["next"] == pytest.approx(stepped(theta, exact.by_theta)[0].tolist(), abs=1e-4)
    header, arrays = ask(pose={"rotation": 50})
    assert header["gradient"] is None and "arrows" not in arrays


def test_chosen_target_overrides_the_label(ask):
    other = (int(DIGIT.labels[0]) + 1) % 10
    said, labelled = ask(gradient=True, target=other)[0], ask(gradient=True)[0]
    assert said["gradient"]["target"] == other
    assert said["gradient"]["loss"] > labelled["gradient"]["loss"]
    assert "target" in ask(target=10)[0]["error"]["message"] and "error" in ask(gradient=1)[0]


def test_a_frame_outside_the_picture_has_arrows_of_length_0(ask):
    outside = {"rotation": 0, "scale_x": 0.5, "scale_y": 0.5, "shear": 0, "shift_x": 60, "shift_y": 0}
    header, arrays = ask(gradient=True, grab={"parts": outside})
    assert header["gradient"]["norm"] == 0 and not arrays["arrows"].any()
    assert header["gradient"]["next"] == pytest.approx(header["theta"], abs=1e-5)


def test_loss_map_is_a_separate_message(ask):
    header, arrays = ask(landscape=True, grab={"theta": [1, 0, 0, 0, 1, 0]}, pose={"rotation": 50})
    sent, loss = header["landscape"], arrays["loss"]
    assert header["id"] == 5 and loss.shape == (len(sent["scales"]), len(sent["rotations"])) == (21, 21)
    assert (sent["rotation"], sent["scale"]) == (0, 1)
    here = ask(gradient=True, grab={"theta": [1, 0, 0, 0, 1, 0]}, pose={"rotation": 50})[0]["gradient"]["loss"]
    assert loss[10, 10] / 1000 == pytest.approx(here, abs=2e-3)  # rotation 0, scale 1: the identity itself


def test_plain_networks_have_no_arrows_and_refuse_the_loss_map(ask):
    assert "sampling grid" in ask(landscape=True, model="seed-cnn")[0]["error"]["message"]
    assert ask(gradient=True, model="seed-cnn")[0]["gradient"] is None


def test_degenerate_theta_gets_an_error_instead_of_a_loss_map(ask):
    assert "point" in ask(landscape=True, grab={"theta": [0] * 6})[0]["error"]["message"]
    assert torch.get_num_threads() == 1
