"""A training in a terminal: the page shows it, --resume continues it, and it needs no folder of runs."""

import pytest
from run_helpers import DIGITS, weights

from stn_demo.__main__ import main
from stn_demo.cli import train as command
from stn_demo.runs.runs import RunError, Runs
from stn_demo.training import datasets


def test_terminal_training_is_recorded_as_a_run(tmp_path, monkeypatch, capsys):
    """The page shows it, its checkpoint equals the run's last network, and --resume continues the same run."""
    monkeypatch.setitem(datasets.WRITTEN, True, (DIGITS, 0))
    monkeypatch.setitem(datasets.WRITTEN, False, (100, 1))
    output, folder = tmp_path / "out" / "mine.safetensors", tmp_path / "runs"
    arguments = ["train", "--data-set", "handwriting", "--holdout", "0", "--batch-size", "8", "--epochs", "5"]
    arguments += ["--output", str(output)]
    arguments += ["--runs", str(folder), "--threads", "1", "--quiet"]
    original = command.run

    def interrupted(*given):
        for event in original(*given):
            yield event
            if event.step == 40:
                raise command.Interrupted("Stopped at step 40 of 80")

    with monkeypatch.context() as patched:
        patched.setattr(command, "run", interrupted)
        assert main(arguments) == 130
    runs = Runs(folder)
    (status,) = runs.all()
    assert (status["state"], status["step"], status["steps"]) == ("stopped", 40, 80) and status["name"] == "mine"
    assert runs.snapshots(status["id"])[0] == 0 and not status["resumable"]
    assert status["twin"] is False  # what the page posts when it starts another run with these settings
    with pytest.raises(RunError, match="continue it there with") as error:
        runs.resume(status["id"])
    assert error.value.code == "foreign"
    assert main([*arguments, "--resume"]) == 0
    (status,) = runs.all()
    assert status["state"] == "done" and not status["alive"] and status["test_digits"] == 100
    assert weights(runs.path(status["id"])) == weights(runs.path(status["id"], 80)) == weights(output)
    lines = [line for line in runs.events(status["id"])[0] if line["kind"] == "step"]
    assert [line["step"] for line in lines] == [20, 40, 60, 80]
    assert [line["from"] for line in lines] == [0, 20, 40, 60]
    again = runs.reset(status["id"])
    runs.close()
    assert runs.status(again)["settings"] == status["settings"] and "terminal" not in runs.status(again)


def test_terminal_training_works_without_a_folder_of_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(datasets.WRITTEN, True, (DIGITS, 0))
    monkeypatch.setitem(datasets.WRITTEN, False, (100, 1))
    (tmp_path / "file").write_text("")
    arguments = ["train", "--data-set", "handwriting", "--holdout", "0", "--epochs", "1"]
    arguments += ["--runs", str(tmp_path / "file" / "runs"), "--output", str(tmp_path / "mine.safetensors")]
    assert main(arguments) == 0 and (tmp_path / "mine.safetensors").is_file()
    assert "The page cannot show this run: " in capsys.readouterr().err
