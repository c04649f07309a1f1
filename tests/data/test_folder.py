"""The user's own pictures: what is read, compared with torchvision's ImageFolder and PIL; what is refused, and how."""

import json

import numpy as np
import own_pictures
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder

from stn_demo import checkpoints
from stn_demo.__main__ import main
from stn_demo.analysis.frame import frames
from stn_demo.analysis.scene import Scene
from stn_demo.data import folder
from stn_demo.data.distortions import DISTORTIONS
from stn_demo.data.mnist import DataError
from stn_demo.training import TrainingSettings
from stn_demo.training.datasets import settings_for


@pytest.fixture
def shapes(tmp_path):
    return own_pictures.write(tmp_path / "shapes", 10)


def test_classes_and_pictures_equal_those_of_imagefolder(shapes):
    found, other = folder.find(shapes), ImageFolder(str(shapes))
    assert list(found.names) == other.classes and found.channels == 3
    assert sorted((str(path), label) for path, label in found.train + found.test) == sorted(other.samples)
    assert [sum(label == one for _, label in found.test) for one in range(3)] == [2, 2, 2]
    assert folder.find(shapes) == found


def test_pixels_are_those_of_the_file_and_labels_those_of_the_folder(shapes):
    found = folder.find(shapes)
    digits = folder.load(found.train, 3, 40)
    assert digits.images.shape == (24, 3, 40, 40) and digits.images.dtype == torch.uint8
    expected = {np.asarray(Image.open(path)).transpose(2, 0, 1).tobytes(): label for path, label in found.train}
    for image, label in zip(digits.images, digits.labels.tolist(), strict=True):
        assert expected[image.numpy().tobytes()] == label


def test_a_wide_picture_is_fitted_with_black_above_and_below(tmp_path):
    for name, value in (("dark", 90), ("light", 200)):
        (tmp_path / name).mkdir()
        for index in range(5):
            Image.new("L", (60, 30), value).save(tmp_path / name / f"{index}.png")
    found = folder.find(tmp_path)
    assert found.channels == 1
    image = folder.load(found.train, 1, 32).images[0, 0]
    assert not image[:8].any() and not image[24:].any() and image[9:23].unique().numel() == 1


def test_folders_train_and_test_are_the_two_sets(tmp_path):
    own_pictures.write(tmp_path / "train", 3)
    own_pictures.write(tmp_path / "test", 2)
    found = folder.find(tmp_path)
    assert (len(found.train), len(found.test)) == (9, 6) and found.names == own_pictures.NAMES
    (tmp_path / "test" / "circle").rename(tmp_path / "test" / "ring")
    with pytest.raises(DataError, match="The class circle is in only one of"):
        folder.find(tmp_path)


def test_broken_files_are_named_and_left_out(shapes):
    (shapes / "circle" / "broken.png").write_bytes(b"no picture")
    said = []
    found = folder.find(shapes)
    files = [(path, label) for path, label in found.train + found.test if label == 0]
    assert len(folder.load(files, 3, 28, said.append).labels) == 10
    assert said == ["1 of 11 files cannot be read as pictures and are left out: broken.png"]
    with pytest.raises(DataError, match="None of the files"):
        folder.load([(shapes / "circle" / "broken.png", 0)], 3, 28)


@pytest.mark.parametrize("make, message", [
    (lambda root: (root / "one").mkdir(), "not a folder of pictures|valid file"),
    (lambda root: own_pictures.write(root, 6, ["circle"]), "has 1 folders; give 2 to 100 classes"),
    (lambda root: own_pictures.write(root, 4), "has fewer than 5 pictures"),
])  # fmt: skip
def test_unusable_folder_is_reported(tmp_path, make, message):
    make(tmp_path)
    with pytest.raises(DataError, match=message):
        folder.find(tmp_path)


def test_distortions_keep_their_proportions_in_another_size(shapes):
    found = folder.find(shapes)
    settings = settings_for(found, TrainingSettings(undistorted=0.5), {"input_size": 84, "distortion": "rts"})
    assert settings.distort.frame == 84 and settings.distort.picture == 56 and settings.undistorted == 0
    assert settings.model.shape == (3, 84, 84) and settings.model.names == own_pictures.NAMES
    images = folder.load(found.train, 3, 56).images.float() / 255
    assert settings.distort(images, torch.Generator().manual_seed(0)).images.shape == (24, 3, 84, 84)
    grey = images[:, :1].repeat(1, 3, 1, 1)  # whatever is done, it is done to all channels alike
    for name in ("tc", "e", "p", "pose"):
        framed = DISTORTIONS[name].framed(112)
        whole = grey[..., : framed.picture, : framed.picture] if framed.picture <= 56 else grey.repeat(1, 1, 2, 2)
        posed = framed(whole, torch.Generator().manual_seed(0)).images
        assert torch.equal(posed[:, 0], posed[:, 2])


def test_a_network_of_colour_pictures_is_trained_listed_and_shown(tmp_path, shapes, capsys, monkeypatch):
    monkeypatch.setenv("STN_DEMO_RUNS", str(tmp_path / "runs"))
    output = tmp_path / "zoo" / "shapes.safetensors"
    (shapes / "square" / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    arguments = ["train", "--data", shapes, "--epochs", "2", "--batch-size", "8", "--threads", "1", "--output", output]
    assert main([str(argument) for argument in arguments]) == 0
    printed = capsys.readouterr().err
    assert "left out: broken.jpg" in printed and "test error, pose" in printed
    info = checkpoints.read_info(output)
    assert info.config.names == own_pictures.NAMES and info.config.in_channels == 3
    counts = info.provenance["training_digits"], info.provenance["test_digits"]
    assert info.provenance["data"] == "folder" and sum(counts) == 30
    assert main(["list", "--folder", str(output.parent), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["checkpoints"][0]["config"]
    assert listed["class_names"] == list(own_pictures.NAMES)
    assert main(["evaluate", str(output), "--data-set", "folder", "--data", str(shapes), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["error"] == pytest.approx(info.provenance["test_error"]["none"], abs=1e-3)
    assert measured["count"] == counts[1]
    (shapes / "circle").rename(shapes / "ring")
    assert main(["evaluate", str(output), "--data-set", "folder", "--data", str(shapes)]) != 0
    assert "are not those of the network" in capsys.readouterr().err
    frame = frames(checkpoints.load(output), [Scene(torch.full((28, 28), 200, dtype=torch.uint8))])[0]
    assert frame.probs.shape == (3,) and frame.input.shape == (28, 28)
