"""Numbers and names that the browser's files and the server both state: one fact, two languages."""

import json
import re
from pathlib import Path

import pytest

import stn_demo.ui
from stn_demo import limits, names
from stn_demo.runs.states import AT_WORK
from stn_demo.ui import page
from stn_demo.ui.live import codec
from stn_demo.ui.train import log, replay

UI = Path(next(iter(stn_demo.ui.__path__)))
SAME = [
    ("explore/static/upload.js", "MOST_BYTES", limits.LARGEST_PICTURE),
    ("explore/static/checkpoint.js", "MOST_BYTES", limits.LARGEST_UPLOADED_NETWORK),
    ("shared/frame.js", "GRID_UNIT", codec.GRID_UNIT),
    ("shared/frame.js", "ARROW_UNIT", codec.ARROW_UNIT),
    ("shared/geometry.js", "EXTENT", replay.EXTENT),
    ("shared/i18n.js", "LANGUAGES", names.LANGUAGES),
    ("shared/route.js", "PAGES", page.PAGES),
    ("train/static/runs-model.js", "ACTIVE", AT_WORK),
    ("train/static/runs-model.js", "STEPS", log.STEP),
    ("train/static/runs-model.js", "TESTS", log.TEST),
    ("train/static/runs-model.js", "RATES", log.RATE),
]


@pytest.mark.parametrize(("file", "name", "expected"), SAME, ids=lambda value: str(value)[:40])
def test_the_browser_and_the_server_state_the_same(file, name, expected):
    text = (UI / file).read_text(encoding="utf-8")
    (found,) = re.findall(rf"^(?:export )?const {name} = (?:new Set\()?(.+?)\)?;", text, re.MULTILINE)
    if isinstance(expected, tuple):
        assert tuple(json.loads(found)) == expected
    else:
        assert found.replace("_", "").replace(" ", "") in (str(expected), "*".join(factors(expected)))


def factors(count):
    """How the browser's files write a number of bytes: megabytes * 1024 * 1024."""
    return (str(count // 1024**2), "1024", "1024") if isinstance(count, int) else ()


def test_the_film_draws_the_same_lines_of_the_grid_as_the_page():
    (step,) = re.findall(r"\bstep: (\d+)", (UI / "shared/store.js").read_text(encoding="utf-8"))
    assert int(step) == replay.EVERY
