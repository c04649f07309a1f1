"""The command line: its files, its output and its exit status."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from stn_demo import __main__ as cli
from stn_demo import checkpoints
from stn_demo.__main__ import main
from stn_demo.cli import train as command
from stn_demo.cli import train_all as zoo
from stn_demo.cli.progress import Progress
from stn_demo.model import ModelConfig, build_model
from stn_demo.training import datasets, evaluate
from stn_demo.training.recipes import ZOO

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["--holdout", "0", "--data-set", "handwriting", "--distortion", "none"]
QUICK += ["--batch-size", "32", "--epochs", "1", "--threads", "1"]
SMALL = ["--classifier", "fcn", "--localization", "mlp"]  # a network that trains in a fraction of the time


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STN_DEMO_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("STN_DEMO_DATA", str(tmp_path / "no data"))
    monkeypatch.setenv("STN_DEMO_RUNS", str(tmp_path / "training runs"))
    monkeypatch.setitem(datasets.WRITTEN, True, (320, 0))
    monkeypatch.setitem(datasets.WRITTEN, False, (100, 1))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for processes that are started
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def call(*arguments) -> int:
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as end:  # argparse leaves in this way
        return end.code


def test_train_evaluate_and_list(tmp_path, capsys):
    output = tmp_path / "checkpoints" / "mine.safetensors"
    assert call("train", *QUICK, "--output", output, "--transform", "similarity", "--seed", 3) == 0
    out, err = capsys.readouterr()
    assert out.strip() == str(output) and "step 10/10" in err and "test error, none" in err
    assert [file.name for file in output.parent.iterdir()] == ["mine.safetensors"]

    provenance = checkpoints.read_info(output).provenance
    assert provenance["data"] == "handwriting" and provenance["seed"] == 3 and provenance["distortion"] == "none"
    assert provenance["epochs"] == 1 and torch.__version__.startswith(provenance["versions"]["torch"])
    assert checkpoints.load("mine").config.transform == "similarity"

    assert call("evaluate", "mine", "--data-set", "handwriting", "--json") == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["error"] == provenance["test_error"]["none"] and len(measured["confusion"]) == 10
    assert call("evaluate", output, "--data-set", "handwriting", "--distortion", "pose") == 0
    assert "error " in capsys.readouterr().out

    (output.parent / "broken.safetensors").write_bytes(b"?")
    assert call("list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [info["name"] for info in listed["checkpoints"]] == ["mine"] and len(listed["broken"]) == 1
    assert call("list") == 0
    out, err = capsys.readouterr()
    assert "similarity transformer at input" in out and "broken.safetensors" in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["train", "--recipe", "nope"], "recipe 'nope' is unknown; choose one of seed-affine"),
        (["train", "--epochs", "many"], "--epochs"),
        (["train", "--epochs", "-1"], "epochs is -1"),
        (["train", "--sampler", "nearest"], "nearest sampler has no gradient"),
        (["train", "--placement", "conv9"], "placement"),
        (["train", "--distortion", "rts"], "42 px"),
        (["train", "--device", "abacus"], "'abacus' is unknown"),
        (["train", "--device", "cuda:99"], "There is no GPU 99 here"),
        (["train", "--device", "meta"], "'meta' is unknown"),
        (["train", "--output", "model.bin"], "must be a .safetensors file"),
        (["train", "--output", "/proc/nowhere/x.safetensors"], "/proc/nowhere cannot be created"),
        (["train", "--output", "/proc/x.safetensors"], "cannot be written"),
        (["train", "--minutes", "1", "--epochs", "1"], "cannot be combined with --epochs"),
        (["train", "--resume"], "There is no interrupted run at"),
        (["train", *QUICK, "--holdout", "320"], "only 320 training digits"),
        (["evaluate", "nope"], "There is no checkpoint nope"),
        (["evaluate", "../nope"], "There is no checkpoint"),
        (["evaluate", "nope", "--distortion", "q"], "invalid choice"),
    ],
)
def test_bad_usage_is_one_line_and_status_2(arguments, expected, capsys, tmp_path):
    assert call(*arguments) == 2
    _out, err = capsys.readouterr()
    line = err.splitlines()[-1]
    assert expected in line and line.startswith("stn_demo: ") and "Traceback" not in err
    assert not list(tmp_path.rglob("*.part")) and not list(tmp_path.rglob("*.safetensors"))


def test_missing_data_is_one_line_and_status_2(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("STN_DEMO_DATA", str(tmp_path))
    monkeypatch.setattr(
        "torchvision.datasets.MNIST",
        lambda *args, **options: (_ for _ in ()).throw(RuntimeError("Dataset not found.")),
    )
    assert call("train") == 2
    assert "MNIST is not in" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["evaluate", "--help"], ["list", "--help"]])
def test_help_explains(arguments, capsys):
    assert call(*arguments) == 0
    out = capsys.readouterr().out
    assert "usage: " in out and len(out) > 200


def interrupt_at(step, monkeypatch):
    """Ctrl-C as soon as the run has reported ``step``."""
    show = Progress.show

    def press(self, event):
        show(self, event)
        if event.step == step:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "show", press)


def test_ctrl_c_saves_and_the_resumed_run_equals_an_uninterrupted_one(capsys, monkeypatch, tmp_path):
    quick = [*QUICK, *SMALL, "--epochs", "6", "--quiet"]  # 60 steps, expected of every 20
    before = signal.getsignal(signal.SIGINT)  # ignored, where a shell started the tests in the background
    assert call("train", *quick, "--output", "whole.safetensors") == 0
    with monkeypatch.context() as patch:
        interrupt_at(40, patch)
        assert call("train", *quick, "--output", "mine.safetensors") == 130
    line = capsys.readouterr().err.splitlines()[-1]
    assert "Stopped at step 40 of 60" in line and "train --resume --output mine.safetensors" in line
    assert signal.getsignal(signal.SIGINT) is before
    assert sorted(file.name for file in tmp_path.glob("mine*")) == ["mine.state"]

    assert call("train", *quick, "--output", "mine.safetensors") == 2  # not by mistake over an unfinished run
    assert "continue it with --resume, or start again with --restart" in capsys.readouterr().err
    assert call("train", "--resume", "--epochs", "9", "--output", "mine.safetensors") == 2
    assert "settings must be equal" in capsys.readouterr().err

    assert call("train", "--resume", "--output", "mine.safetensors") == 0
    one, other = (checkpoints.load(tmp_path / name).state_dict() for name in ("whole.safetensors", "mine.safetensors"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not (tmp_path / "mine.state").exists()


def test_recipe_all_skips_finished_networks_and_those_of_other_processes(capsys, monkeypatch, tmp_path):
    names = ("p-cnn", "e-cnn", "r-stcnn-affine", "r-fcn")
    monkeypatch.setattr(cli, "ZOO", {name: ZOO[name] for name in names})
    quick = ["train", "--recipe", "all", "--output", "zoo", *QUICK, *SMALL, "--epochs", "4", "--quiet"]
    with monkeypatch.context() as patch:
        interrupt_at(40, patch)  # the last step of the first network, before it is written
        assert call(*quick) == 130
    assert "the same command again" in capsys.readouterr().err and not list(tmp_path.glob("zoo/*.safetensors"))

    with zoo._claimed(command.Job(None, Path("zoo/e-cnn.safetensors"))) as mine:  # as if by another process
        assert mine and call(*quick) == 0
    out, err = capsys.readouterr()
    assert [Path(line).stem for line in out.split()] == ["p-cnn", "r-stcnn-affine", "r-fcn"]
    assert "e-cnn: another process trains it" in err
    before = Path("zoo/p-cnn.safetensors").read_bytes()

    assert call(*quick) == 0
    out, err = capsys.readouterr()
    assert Path(out.strip()).stem == "e-cnn" and err.count(": done") == 3
    assert Path("zoo/p-cnn.safetensors").read_bytes() == before and not list(tmp_path.glob("zoo/*.state"))
    assert call(*quick, "--seed", "1") == 0 and capsys.readouterr().err.count("done, but with other settings") == 4
    assert call("train", "--recipe", "all", "--output", "zoo.safetensors") == 2


def test_a_run_that_fails_is_status_1_and_keeps_its_last_good_state(capsys, monkeypatch):
    advance = command.Trainer.advance

    def poisoned(self):
        advance(self)
        if self.step == 30:
            next(self.model.parameters()).data.fill_(float("nan"))

    monkeypatch.setattr(command.Trainer, "advance", poisoned)
    assert call("train", *QUICK, "--epochs", "5", "--output", "mine.safetensors") == 1
    assert "no longer a finite number" in capsys.readouterr().err.splitlines()[-1]
    assert command.State.load("mine.state").step == 20


def test_minutes_become_epochs_by_this_machines_speed():
    settings = command.TrainingSettings(data="handwriting", distortion="none", batch_size=32)
    digits = datasets.load_digits("handwriting", train=True)
    short, long = (command.epochs_in(minutes, settings, digits) for minutes in (0.5, 5))
    assert 0 < short < long


def test_two_processes_write_one_checkpoint_with_the_error_of_one(tmp_path):
    script = """
        import os, sys, time
        from stn_demo import checkpoints
        from stn_demo.training import datasets
        datasets.WRITTEN = {True: (320, 0), False: (500, 1)}
        from stn_demo.__main__ import main
        if os.environ["RANK"] == "0":  # its trial file stays long enough for the other process to look
            write = checkpoints.write_whole
            checkpoints.write_whole = lambda path, data: (write(path, data), data or time.sleep(2))
        else:
            from stn_demo.cli import train
            prepare = train._prepared
            train._prepared = lambda *arguments: (time.sleep(1), prepare(*arguments))[1]
        sys.exit(main(sys.argv[1:]))
    """
    (tmp_path / "start.py").write_text(textwrap.dedent(script))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    longer = [*QUICK, "--epochs", "14", "--learning-rate", "1e-2"]
    done = subprocess.run(
        [*launch, "start.py", "train", *longer, "--output", "pair.safetensors"],
        check=False, capture_output=True, text=True, timeout=120, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["pair.safetensors"] and done.stderr.count("wrote pair.safetensors") == 1
    assert call("train", *longer, "--output", "one.safetensors", "--quiet") == 0
    pair, one = (checkpoints.read_info(tmp_path / f"{name}.safetensors").provenance for name in ("pair", "one"))
    assert (pair["processes"], one["processes"]) == (2, 1)
    test = datasets.handwriting.digits(500, 1)
    errors = [evaluate(checkpoints.load(tmp_path / f"{name}.safetensors"), test).error for name in ("pair", "one")]
    assert max(errors) < 30 and abs(errors[0] - errors[1]) < 3  # they add up in another order: not to the bit


def test_the_module_runs_from_anywhere(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "stn_demo", "list"], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0 and "no checkpoints in" in done.stdout


def test_list_prints_the_scale_of_a_transformer(tmp_path, capsys):
    output = tmp_path / "checkpoints" / "mine.safetensors"
    assert call("train", *QUICK, "--output", output, "--quiet", "--localization-factor", "0") == 0
    capsys.readouterr()
    assert call("list") == 0
    assert "reads at scale 1.00, 0% of its grid outside the picture" in capsys.readouterr().out
    output.write_bytes(b"")
    checkpoints.save(output, build_model(ModelConfig()), {"zoom": {"scale": "1"}})
    assert call("list") == 0 and "not measured (run analyse)" in capsys.readouterr().out
