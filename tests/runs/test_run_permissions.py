"""Folders without read or write permission: an error message each, and no incomplete files. As root, the tests first drop the
capability to override permissions (setpriv)."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from run_helpers import ROOT

AS_OTHERS = [] if os.geteuid() else ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
START = """
import os, queue, sys
from pathlib import Path
from run_helpers import DIGITS, TINY, made, state_is, work, Drawn
from stn_demo.runs.data_source import DataSource
from stn_demo.runs.runs import RunError, Runs
from stn_demo.runs.worker import Worker

here = Path(sys.argv[1])

def refused(ask, *given, **named):
    try:
        ask(*given, **named)
    except RunError as error:
        return [error.kind, error.values.get("errno"), str(error)]

def within(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != ".lock")
"""


def may_forbid() -> bool:
    if not AS_OTHERS:
        return True
    command = [*AS_OTHERS, sys.executable, "-c", ""]
    return (
        shutil.which("setpriv") is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


pytestmark = pytest.mark.skipif(not may_forbid(), reason="root may do everything here, and there is no setpriv")


def tried(folder: Path, code: str):
    """What ``code`` leaves in ``output``."""
    command = [
        *AS_OTHERS,
        sys.executable,
        "-c",
        f"{START}\n{code}\nimport json; print(json.dumps(output))",
        str(folder),
    ]
    places = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    ran = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": places}, check=False, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_folder_of_runs_without_permissions(tmp_path):
    written, read, empty = tried(
        tmp_path,
        """
(here / "runs").mkdir()
(here / "runs").chmod(0o555)
output = [refused(Runs(here / "runs").start, TINY)]
(here / "runs").chmod(0)
output += [refused(Runs(here / "runs").check)]
(here / "runs").chmod(0o755)
output += [within(here / "runs")]
""",
    )
    assert written[:2] == read[:2] == ["folder_use", "EACCES"]
    assert written[2] == f"The folder of runs, {tmp_path / 'runs'}, cannot be used: Permission denied."
    assert empty == []


def test_run_whose_write_permission_is_removed(tmp_path):
    """The permission is removed after the third step: the run resumes from what was saved before."""
    first, files, second = tried(
        tmp_path,
        """
run = made(here / "runs")
digits = DataSource(None, False, here).load("handwriting", DIGITS, print)
work(run, digits, "step", "step", "step", "stop")
before = within(run.path)
folders = run.path, run.state_folder, run.snapshot_folder
for folder in folders:
    folder.chmod(0o555)
orders = queue.SimpleQueue()
worker = Worker(run, orders, Drawn(digits))
could = worker.run()
output = [[could, worker.journal.status["kind"], worker.journal.status["message"]], [before, within(run.path)]]
for folder in folders:
    folder.chmod(0o755)
output += [work(run, digits, "step", "stop")["step"]]
""",
    )
    assert first[:2] == [False, "disk_refused"] and "Permission denied" in first[2] and "resume" in first[2]
    assert files[0] == files[1]
    assert second == 4


def test_folder_of_mnist_without_read_permission(tmp_path):
    state, kind, message, files = tried(
        tmp_path,
        """
raw = here / "MNIST" / "raw"
raw.mkdir(parents=True)
raw.chmod(0)
runs = Runs(here / "runs", data_root=here)
id = runs.start(TINY.but(data="mnist"))
status = state_is(runs, id, "failed")
runs.close()
raw.chmod(0o755)
output = [status["state"], status["kind"], status["message"], within(here / "runs" / id)]
""",
    )
    assert (state, kind) == ("failed", "data_folder")
    assert message == f"MNIST's folder {tmp_path} cannot be used: Permission denied."
    assert files == [".json-lock", "lock", "run.json", "status.json"]


def test_folder_of_checkpoints_without_write_permission(tmp_path):
    saved, files = tried(
        tmp_path,
        """
run = made(here / "runs")
work(run, DataSource(None, False, here).load("handwriting", DIGITS, print), "step", "stop")
(here / "networks").mkdir()
(here / "networks").chmod(0o555)
output = [refused(Runs(here / "runs").save, run.id, "latest", "mine", here / "networks")]
(here / "networks").chmod(0o755)
output += [within(here / "networks")]
""",
    )
    assert saved[:2] == ["disk_save", "EACCES"] and files == []
    assert saved[2] == "The network cannot be saved: Permission denied."
