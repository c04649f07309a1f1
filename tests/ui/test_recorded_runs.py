"""Which training runs can be published, and that no data about the training machine is published."""

import json
import shutil

import pytest
from run_helpers import made

from stn_demo.runs.folder import RunFolder
from stn_demo.ui.local.recorded import MOST, NoRun, chosen, thinned


def test_a_finished_run_is_published_with_its_twin_and_its_last_step(reference):
    (one,) = chosen([reference.id, reference.id], reference.path.parent)
    assert one.steps == thinned(reference.snapshots()) and one.steps[-1] == reference.status()["steps"]
    assert one.roles == ("network", "twin") and one.load(0, "twin").config.placement == ()
    run = one.status(one.id)
    assert (run["alive"], run["resumable"], run["message"]) == (False, False, "")


def test_checkpoint_path_of_a_terminal_run_is_not_published(reference, tmp_path):
    copy = RunFolder(tmp_path / reference.id)
    shutil.copytree(reference.path, copy.path)
    copy.write_about({**copy.about(), "terminal": "/home/someone/network.safetensors"})
    (one,) = chosen([copy.id], tmp_path)
    assert "someone" not in json.dumps(one.status(one.id))


def test_missing_or_unfinished_run_is_refused_and_finished_runs_are_listed(reference):
    folder = reference.path.parent
    half = made(folder, name="half")
    half.write_status({"state": "stopped", "step": 3, "steps": 200})
    for id, why in (("20200101-000000-000-0000", "is not there"), (half.id, "was not trained to its end")):
        with pytest.raises(NoRun, match=rf"The run {id} {why}\. Finished runs in .*: {reference.id} \("):
            chosen([reference.id, id], folder)


def test_the_first_and_the_last_snapshot_are_kept():
    steps = [0, *(2**i for i in range(60))]
    kept = thinned(steps)
    assert len(kept) == MOST and (kept[0], kept[-1]) == (steps[0], steps[-1]) and kept == sorted(set(kept))
    assert thinned(steps[:5]) == steps[:5]
