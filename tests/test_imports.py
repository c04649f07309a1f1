"""The imports of the code: all declared, and in no circle."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "stn_demo"
NAMES = {"cv2": "opencv-python-headless", "PIL": "pillow", "gradio_client": "gradio", "starlette": "fastapi"}
WITH = {"mcp": "gradio"}  # optional, of gradio[mcp]: the app says so, its tests are skipped


def declared(*files):
    lines = [line for file in files for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    return {re.split(r"[^A-Za-z0-9_-]", line)[0].lower().replace("_", "-") for line in lines if line.strip()}


def outside(path):
    """The packages of others that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.parametrize(
    ("files", "requirements"),
    [
        ([ROOT / "app.py", *PACKAGE.rglob("*.py")], ["requirements.txt"]),
        ([*(ROOT / "tests").rglob("*.py")], ["requirements.txt", "tests/requirements.txt"]),
    ],
    ids=["package", "tests"],
)
def test_every_import_is_declared(files, requirements):
    own = {"stn_demo", "app", *(path.stem for path in (ROOT / "tests").rglob("*.py"))}
    known = declared(*requirements)
    found = {name for path in files for name in outside(path)} - own - set(sys.stdlib_module_names)
    missing = {name for name in found if NAMES.get(name, WITH.get(name, name)).lower().replace("_", "-") not in known}
    assert len(found) > 10 and missing == set()


def imported_at_start(path):
    """The modules of ours that loading a file loads: imports outside functions, and not for types only."""
    here = path.relative_to(ROOT).with_suffix("").parts
    waiting = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: -node.level] + tuple(filter(None, (node.module or "").split(".")))
            for alias in node.names:
                for parts in ((*base, alias.name), base):
                    file = ROOT.joinpath(*parts)
                    if file.with_suffix(".py").is_file():
                        yield file.with_suffix(".py")
                        break
                    if (file / "__init__.py").is_file() and parts == base:
                        yield file / "__init__.py"
        waiting += [child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.ExceptHandler))]


def test_no_module_imports_itself_in_a_circle():
    graph = {path: set(imported_at_start(path)) for path in sorted(PACKAGE.rglob("*.py"))}
    assert sum(map(len, graph.values())) > 300
    while leaves := [path for path, needs in graph.items() if not needs & graph.keys()]:
        for path in leaves:
            del graph[path]
    assert [path.relative_to(ROOT).as_posix() for path in graph] == []
