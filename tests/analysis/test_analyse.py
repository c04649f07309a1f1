"""The measurements of the Results page: each number is compared with one that was computed in another way."""

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from results_helpers import ZOO, made, measured, small

from stn_demo import checkpoints
from stn_demo.__main__ import main
from stn_demo.analysis import classes, failures, results, robustness, undone
from stn_demo.data import handwriting
from stn_demo.data.digits import Digits
from stn_demo.data.distortions import DISTORTIONS, Distortion
from stn_demo.data.pose import Pose, pose_images
from stn_demo.model import ModelConfig, build_model


@pytest.fixture
def folder(tmp_path, monkeypatch, one_thread):
    small(monkeypatch)
    return tmp_path / "zoo"


@pytest.fixture(scope="module")
def digits():
    return handwriting.digits(200, 1)


@pytest.fixture
def model():
    torch.manual_seed(3)
    model = build_model(ModelConfig())
    torch.nn.init.normal_(model.transformers["input"].localization.theta.weight, std=0.02)
    return model.eval()


class TurnsBack(torch.nn.Module):
    """Replaces a localization network: it gets the rotation of each picture and undoes ``share`` of it."""

    def __init__(self, share: float, angles: list[float], bias: float = 0.0):
        super().__init__()
        self.theta = [
            [np.cos(a), -np.sin(a), 0, np.sin(a), np.cos(a), 0]
            for a in np.radians(share * np.array(angles) + bias).tolist()
        ]

    def forward(self, images):
        taken, self.theta = self.theta[: len(images)], self.theta[len(images) :]
        return torch.tensor(taken, dtype=torch.float32)


# ------------------------------------------------------------------ on disk
def test_analyse_writes_what_it_measured_with_its_provenance(folder):
    made(folder)
    count, found = measured(folder)
    assert count == 10 + 8 + 6 + 6 + 7 + 7 + 8, (
        "errors of all; of TC and of further seeds no curves; of plain ones no transformer"
    )
    assert set(found["table"]) == set(ZOO)
    assert set(found["robustness"]) == set(found["failures"]) == set(ZOO) - {"tc-stcnn-affine", "r-cnn-seed1"}
    assert set(found["undone"]) == {
        name for name, (distortion, config) in ZOO.items() if config.placement and distortion != "tc"
    }
    assert set(found["turning"]) == set(found["undone"])
    assert set(found["classes"]) == set(found["zoom"]) == set(found["undone"]) | {"tc-stcnn-affine"}
    for networks in found.values():
        for name, entry in networks.items():
            assert entry["checkpoint"] == {"name": name, "sha256": results.sha256(checkpoints.path_of(name, folder))}
            assert (
                entry["test"]["data"] == "handwriting"
                and entry["test"].get("distortion", ZOO[name][0]) == ZOO[name][0]  # turning is the same for all
                and entry["test"]["seed"] == 0
            )
            assert entry["made"]["command"] == "python -m stn_demo analyse --data-set handwriting"
            assert torch.__version__ == entry["made"]["versions"]["torch"] and entry["made"]["date"].startswith("20")
    assert found["robustness"]["r-cnn"]["test"]["digits"] == 40


def test_only_outdated_measurements_are_repeated(folder):
    made(folder, ["r-stcnn-affine", "r-cnn"])
    first, before = measured(folder)
    assert first == 10 and measured(folder)[0] == 0
    assert measured(folder, "r-cnn", force=True)[0] == 3
    model = checkpoints.load("r-cnn", folder)
    with torch.no_grad():
        next(model.parameters()).add_(0.5)
    checkpoints.save(folder / "r-cnn.safetensors", model, {"distortion": "r"})
    again, after = measured(folder)
    assert again == 3
    assert after["table"]["r-stcnn-affine"] == before["table"]["r-stcnn-affine"]
    assert after["table"]["r-cnn"]["checkpoint"] != before["table"]["r-cnn"]["checkpoint"]


def test_results_of_deleted_networks_are_removed(folder):
    made(folder, ["r-cnn", "seed-cnn"])
    measured(folder)
    (folder / "seed-cnn.safetensors").unlink()
    count, found = measured(folder)
    assert count == 0 and {name for networks in found.values() for name in networks} == {"r-cnn"}


def test_command_reports_skipped_and_damaged_checkpoints(folder, capsys):
    made(folder, ["r-cnn"])
    checkpoints.save(folder / "stranger.safetensors", build_model(ModelConfig()), {})
    assert main(["analyse", "--folder", str(folder), "--data-set", "handwriting"]) == 0
    out, err = capsys.readouterr()
    assert (
        "3 measurements made" in out and "stranger is left out: its checkpoint does not name a known distortion" in err
    )
    (folder / "results" / "table.json").write_text("{")
    assert main(["analyse", "--folder", str(folder), "--data-set", "handwriting"]) == 2
    assert "delete it and run: python -m stn_demo analyse" in capsys.readouterr().err
    assert main(["analyse", "nobody", "--folder", str(folder)]) == 2
    assert "There is no checkpoint nobody" in capsys.readouterr().err


def test_the_shipped_results_are_of_the_shipped_checkpoints():
    folder = results.folder_of()
    found = results.read_all(folder)
    for networks in found.values():
        for name, entry in networks.items():
            assert entry["checkpoint"]["sha256"] == results.sha256(checkpoints.path_of(name)), (
                f"{name}: run python -m stn_demo analyse"
            )
    shipped = checkpoints.available()
    named = {info.name for info in shipped if isinstance(info.provenance.get("distortion"), str)}
    assert named == set(found["table"]), "the table compares networks on distortions that have a name"
    assert {info.name for info in shipped} - named == {"upright-only-cnn", "upright-only-stn"}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20_000 * len(shipped)


# ------------------------------------------------------------------ curves
def test_a_curve_counts_the_right_answers_at_each_pose(model, digits):
    found = robustness.curves(model, digits)
    assert set(found) == set(robustness.STEPS)
    for part, value in (("rotation", -70.0), ("scale", 0.5), ("shift_x", 6.0), ("shear", 0.4)):
        images = pose_images(digits.images[:, None].float() / 255, [Pose(**{part: value})] * 200)
        with torch.no_grad():
            right = 100 * float((model(images).argmax(1) == digits.labels).float().mean())
        assert found[part]["right"][found[part]["at"].index(value)] == pytest.approx(right, abs=0.01)


def test_training_range_is_that_of_the_distortion():
    assert robustness.trained_range(DISTORTIONS["rts"]) == {
        "rotation": [-45, 45], "scale": [0.7, 1.2], "shift_x": [-7, 7], "shear": [0, 0]
    }  # fmt: skip
    assert robustness.trained_range(DISTORTIONS["pose"])["shift_x"] == [-4, 4]


def test_thinned_digits_cover_the_whole_set():
    numbered = Digits(torch.zeros(100, 28, 28, dtype=torch.uint8), torch.arange(100))
    assert robustness.thinned(numbered, 10).labels.tolist() == list(range(0, 100, 10))
    assert len(robustness.thinned(numbered, 300).labels) == 100


# ------------------------------------------------------------------ pose in, pose undone
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_measured_share_equals_the_share_undone(model, digits, share):
    generator = torch.Generator().manual_seed(0)
    angles = (-90 + 180 * torch.rand(len(digits.labels), generator=generator)).tolist()
    scale_is_left = [0.0] * len(digits.labels)
    model.transformers["input"].localization = TurnsBack(share, angles + scale_is_left, bias=5)
    found = undone.measure(model, digits, seed=0)
    assert found["rotation"]["share"] == pytest.approx(share, abs=1e-3) and found["scale"]["share"] == pytest.approx(
        0, abs=1e-3
    )
    assert found["rotation"]["done"] == [round(angle) for angle in angles]
    for middle, low, median, high in found["rotation"]["bins"]:
        assert low <= median <= high and median == pytest.approx(share * middle + 5, abs=12 * share + 0.1)


def test_theta_per_class_uses_the_digits_of_that_class(model, digits):
    turns = [10.0 * int(label) for label in digits.labels]
    model.transformers["input"].localization = TurnsBack(1, turns)
    found = undone.of_upright(model, digits)
    for label in range(10):
        assert found["rotation"][label] == pytest.approx([10 * label] * 5, abs=0.01)
        assert found["scale"][label] == pytest.approx([1] * 5, abs=1e-3)


# ------------------------------------------------------------------ classes
def test_alignment_is_100_for_equal_and_0_for_disjoint_pictures():
    sums = classes._Sums()
    equal = torch.rand(1, 1, 28, 28).expand(4, -1, -1, -1)
    apart = torch.zeros(4, 1, 28, 28)
    for index in range(4):
        apart[index, 0, 7 * index : 7 * index + 7] = 1
    sums.add(torch.cat([equal, apart]), torch.tensor([0] * 4 + [1] * 4))
    assert sums.alignment()[:2] == [100.0, 0.0]
    assert sums.mean()[1].unique().tolist() == [0.25] and sums.variance()[0].max() < 1e-6
    assert sums.variance()[1] == pytest.approx(0.25 * 0.75)


def test_the_sheet_shows_means_and_variances_before_and_after(model, digits):
    found = classes.measure(model, digits, Distortion(), 0)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(found["picture"]))), dtype=float) / 255
    assert sheet.shape == (4 * 28, 10 * 28)
    for label in (0, 7):
        images = digits.images[digits.labels == label].float() / 255
        with torch.no_grad():
            warped = model.trace(images[:, None]).transforms[0].warped[:, 0]
        columns = slice(28 * label, 28 * label + 28)
        for row, picture in enumerate(
            (images.mean(0), 4 * images.var(0, correction=0), warped.mean(0), 4 * warped.var(0, correction=0))
        ):
            assert np.abs(sheet[28 * row : 28 * row + 28, columns] - picture.numpy()).max() < 0.02


# ------------------------------------------------------------------ failures
@pytest.mark.parametrize("name", ["pose", "r", "p", "e"])
def test_stored_failure_fails_in_its_stored_pose(model, digits, name):
    found = failures.measure(model, digits, DISTORTIONS[name], seed=0, most=12)
    assert 0 < len(found["failures"]) <= 12
    for failure in json.loads(json.dumps(found["failures"])):
        pose = Pose(**failure["pose"])
        with torch.no_grad():
            probs = model(pose_images(digits.images[failure["index"], None, None].float() / 255, [pose])).exp()[0]
        assert int(probs.argmax()) == failure["answer"] != failure["label"] == int(digits.labels[failure["index"]])
        assert 100 * float(probs.max()) == pytest.approx(failure["confidence"], abs=0.06)
    assert found["looked_at"] == found["failures"][-1]["index"] + 1


def test_clutter_cannot_be_shown_as_a_pose():
    assert not failures.can_show(DISTORTIONS["tc"]) and failures.can_show(DISTORTIONS["rts"])
