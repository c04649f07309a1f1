"""Exporting and compiling in a fresh process whose first action is tracing; and the export command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stn_demo import checkpoints
from stn_demo.__main__ import main
from stn_demo.model import ModelConfig, build_model

SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "exports.py"


def cold(name, ways, *more):
    command = [sys.executable, str(SCRIPT), name, "--here", "--ways", ways, "--backend", "aot_eager", *map(str, more)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_spline_network_exports_with_any_batch_size_and_compiles():
    found = cold("r-stcnn-tps", "export,compile")
    assert max(found.values()) <= 1e-5


def test_two_look_network_for_non_square_colour_pictures_exports_to_onnx(tmp_path):
    config = ModelConfig(transform="similarity", looks=2, in_channels=3, input_size=(40, 28), output_size=24, classes=4)
    checkpoints.save(tmp_path / "colour.safetensors", build_model(config), {})
    assert cold("colour", "onnx", "--folder", tmp_path)["onnx"] <= 1e-5


def test_rounding_errors_of_torch_do_not_count_against_the_file():
    assert cold("r-stfcn-affine", "onnx")["onnx"] <= 1e-5  # 1.2e-5 from torch in single precision


def test_export_command_names_missing_packages(tmp_path, monkeypatch, capsys):
    checkpoints.save(tmp_path / "mine.safetensors", build_model(ModelConfig(placement=())), {})
    find = __import__("importlib.util").util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnxscript" else find(name))
    assert main(["export", str(tmp_path / "mine.safetensors"), str(tmp_path / "mine.onnx")]) == 2
    assert "Exporting needs onnxscript: python -m pip install onnxscript." in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, expected", [(("nothing", "x.onnx"), "no checkpoint"), (("{file}", "x.pt"), "must be an .onnx file")]
)
def test_failed_export_is_reported_in_one_sentence(tmp_path, monkeypatch, capsys, arguments, expected):
    monkeypatch.setenv("STN_DEMO_CHECKPOINTS", str(tmp_path))
    checkpoints.save(tmp_path / "mine.safetensors", build_model(ModelConfig(placement=())), {})
    given = [argument.format(file=tmp_path / "mine.safetensors") for argument in arguments]
    assert main(["export", *given]) == 2
    assert expected in capsys.readouterr().err
