"""The floors of the code: which module may import which, and how long files may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "stn_demo"
ENGINE = [
    "model",
    "data",
    "training",
    "analysis",
    "runs",
    "cli",
    "checkpoints.py",
    "provenance.py",
    "names.py",
    "limits.py",
    "faults.py",
    "objects.py",
    "__main__.py",
]
ALLOWED = {"torch", "torchvision", "numpy", "safetensors", "PIL"} | sys.stdlib_module_names
# of uploads only: these need OpenCV
PICTURES = {
    f"data/{name}.py"
    for name in ("bold", "components", "cutting", "disc", "filling", "flat", "hidden", "lines", "marks", "straight")
}
FLOORS = {
    "names": 0,
    "limits": 0,
    "faults": 0,
    "objects": 0,
    "model": 1,
    "data": 2,
    "checkpoints": 2,
    "provenance": 2,
    "training": 3,
    "analysis": 4,
    "runs": 4,
    "cli": 5,
    "__main__": 6,
    "ui": 5,
}


def test_every_part_of_the_package_has_a_floor():
    parts = {
        path.name.removesuffix(".py")
        for path in PACKAGE.iterdir()
        if (path / "__init__.py").is_file() or path.suffix == ".py"
    }
    assert parts - {"__init__"} == set(FLOORS)
    assert {part.removesuffix(".py") for part in ENGINE} == set(FLOORS) - {"ui"}


TABLES = {"data/skeletons.py"}  # data only: may be long
LONGEST_FILE, LONGEST_FUNCTION = 300, 60  # lines; the first too many


def modules():
    return sorted(
        path
        for part in ENGINE
        for path in ([PACKAGE / part] if part.endswith(".py") else (PACKAGE / part).rglob("*.py"))
    )


def imported(path):
    """(top-level name of another package, or None; path of a module of ours, or None) for each import."""
    folder = path.relative_to(PACKAGE).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0], None
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] + tuple((node.module or "").split("."))
            if not any(base):
                yield from ((None, (alias.name,)) for alias in node.names)
            else:
                yield None, tuple(part for part in base if part)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_engine_imports_only_its_own_requirements(path):
    strangers = {name for name, _ in imported(path) if name and name not in ALLOWED | {"stn_demo"}}
    if path.relative_to(PACKAGE).as_posix() in PICTURES:
        strangers -= {"cv2"}
    assert not strangers


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_floor_imports_a_higher_floor(path):
    own = FLOORS.get(path.relative_to(PACKAGE).parts[0].removesuffix(".py"))
    if path == PACKAGE / "__init__.py":
        assert list(imported(path)) == []
        return
    for _, ours in imported(path):
        if ours:
            assert FLOORS[ours[0]] <= own, f"{path.name} reaches up to {ours[0]}"


def test_files_and_functions_are_short():
    """A file that outgrows its concept, or a function that does several things, is split."""
    long = []
    for path in sorted(path for ending in ("py", "js", "css") for path in PACKAGE.rglob(f"*.{ending}")):
        name, text = path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")
        if len(text.splitlines()) >= LONGEST_FILE and name not in TABLES:
            long.append(name)
        if path.suffix == ".py":
            functions = (ast.FunctionDef, ast.AsyncFunctionDef)
            found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, functions)]
            long += [f"{name}: {one.name}" for one in found if one.end_lineno - one.lineno + 1 >= LONGEST_FUNCTION]
    assert long == []


def test_test_files_are_short():
    tests = PACKAGE.parent / "tests"
    files = [path for ending in ("py", "mjs") for path in tests.rglob(f"*.{ending}")]
    long = [
        path.relative_to(tests).as_posix()
        for path in files
        if len(path.read_text("utf-8").splitlines()) >= LONGEST_FILE
    ]
    assert long == []


def test_engine_runs_without_the_page_packages():
    blocked = [
        "cv2",
        "pi_heif",
        "gradio",
        "plotly",
        "scipy",
        "fastapi",
        "starlette",
        "uvicorn",
        "websockets",
        "httpx",
        "playwright",
    ]
    code = f"""
import sys
sys.modules.update(dict.fromkeys({blocked!r}))  # an import of any of these now fails
import torch
import stn_demo.checkpoints, stn_demo.__main__, stn_demo.analysis.frame, stn_demo.data.picture
from stn_demo.data import handwriting
from stn_demo.training import TrainingSettings, train
events = list(train(TrainingSettings(data="handwriting", batch_size=32, epochs=0.2), handwriting.digits(320, 0)))
print(type(events[-1]).__name__)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().endswith("Finished")
