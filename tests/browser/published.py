"""The page without a server, published once for all tests, below a prefix, with a recorded run."""

from run_helpers import DIGITS, made, work

from stn_demo.runs.data_source import DataSource
from stn_demo.training.recipes import RECIPES
from stn_demo.ui.local.site import publish

PREFIX = "some/where"
RUN = RECIPES["turn-affine"].but(data="handwriting", batch_size=8, epochs=12.5, holdout=0, averaging=0.0)  # 200 steps


def write(top) -> str:
    """Publish the page with all networks and one recorded run to ``PREFIX`` in the folder ``top``; returns the run's id."""
    run = made(top / ".runs", RUN, name="recorded", twin=True)
    digits = DataSource(None, False, top / ".drawn").load("handwriting", DIGITS, print)
    assert work(run, digits)["state"] == "done"
    publish(top / PREFIX, runs=(run.id,), runs_folder=top / ".runs", scenes=1)
    return run.id
