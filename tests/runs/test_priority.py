"""The page is served before a run is trained."""

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import os
from pathlib import Path
from stn_demo.runs import priority

priority.lower(19)
group = Path("/proc/self/autogroup")
print(os.nice(0), group.read_text() if group.exists() else "none")
"""


@pytest.mark.parametrize("before", ["", "import os; os.nice(7)\n"])
def test_a_process_lowers_itself_and_its_session(before):
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, "-c", before + CODE],
        cwd=root,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    )
    nice, group = run.stdout.split(maxsplit=1)
    assert nice == "19"
    assert group.strip() == "none" or group.strip().endswith("nice 19")
