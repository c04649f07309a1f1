"""The page without a server, published once for all tests and all processes of pytest-xdist, below a prefix, with a recorded run."""

import os
from pathlib import Path

from run_helpers import DIGITS, made, work

from stn_demo.runs import locks
from stn_demo.runs.data_source import DataSource
from stn_demo.training.recipes import RECIPES
from stn_demo.ui.local.site import publish

PREFIX = "some/where"
LONGEST = 600.0  # seconds; the first time on a machine, every graph is exported
RUN = RECIPES["turn-affine"].but(data="handwriting", batch_size=8, epochs=12.5, holdout=0, averaging=0.0)  # 200 steps


def write(top) -> str:
    """Publish the page with all networks and one recorded run to ``PREFIX`` in the folder ``top``; returns the run's id."""
    run = made(top / ".runs", RUN, name="recorded", twin=True)
    digits = DataSource(None, False, top / ".drawn").load("handwriting", DIGITS, print)
    assert work(run, digits)["state"] == "done"
    publish(top / PREFIX, runs=(run.id,), runs_folder=top / ".runs", scenes=1)
    return run.id


def once(temporary: Path) -> tuple[Path, str]:
    """(folder, id of its recorded run) as ``write`` makes them, which the first process that asks for them does.
    ``temporary``: pytest's folder for this process."""
    common = temporary.parent if "PYTEST_XDIST_WORKER" in os.environ else temporary
    top, run = common / "host", common / "host-run"
    lock = locks.take(common / "host-lock", wait=LONGEST)
    assert lock is not None, f"not published within {LONGEST:g} s"
    try:
        if not run.exists():
            top.mkdir()
            run.write_text(write(top))
    finally:
        os.close(lock)
    return top, run.read_text()
