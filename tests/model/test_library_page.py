"""The documentation of the library runs as it is written."""

import re
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]


def blocks(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    return [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "gradio_client" not in block]


@pytest.mark.parametrize("page", [".github/LIBRARY.md", "README.md"])
def test_python_blocks_run(page):
    assert blocks(page)
    for block in blocks(page):
        exec(compile(block, page, "exec"), {})


def test_ten_line_example_has_ten_lines_and_trains_the_transformer():
    (block,) = blocks(".github/LIBRARY.md")
    lines = [line for line in block.splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(lines) <= 10
    names = {}
    exec(compile(block, "LIBRARY.md", "exec"), names)
    identity = names["straighten"].grid.identity()
    assert not torch.equal(names["straighten"].localization.theta.bias.detach(), identity)
