"""axe-core, which checks accessibility rules. npm downloads it once into pytest's cache; the browser's debugger injects it into a
page, so that the page's content policy is unchanged."""

import os
import shutil
import subprocess
import tarfile

from stn_demo.runs import locks

VERSION = "4.10.3"
DOWNLOAD = 300.0  # seconds that npm may take
# Options of ``violations``
AA = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
LECTURE = {**AA, "rules": {"color-contrast-enhanced": {"enabled": True}}}  # the contrast of AAA as well
# Within the figures that Plotly draws, thousands of elements, the rules of AA decide nothing except avoid-inline-spacing: axe cannot
# tell the background of their text (tests/browser/test_results.py). So they may be left out; SPACED checks what that rule does.
FIGURES = ".main-svg"
SPACED = """(figures) => [...document.querySelectorAll(`${figures}, ${figures} *`)].filter(({ style }) =>
  ["line-height", "letter-spacing", "word-spacing"].some((name) => style.getPropertyPriority(name))).map((one) => one.outerHTML)"""

RUN = """([without, options]) =>
  axe.run(without ? { exclude: [[without]] } : document, { preload: false, resultTypes: ["violations"], ...options })"""


def script(cache) -> str:
    """The text of axe-core. ``cache``: pytest's, of ``request.config``."""
    folder = cache.mkdir("axe-core")
    path = folder / f"axe-core-{VERSION}.tgz"
    lock = locks.take(folder / "lock", wait=DOWNLOAD)  # another process of pytest-xdist may be downloading it
    assert lock is not None
    try:
        if not path.exists():
            _download(folder)
    finally:
        os.close(lock)
    with tarfile.open(path) as packed:
        return packed.extractfile("package/axe.min.js").read().decode()


def _download(folder) -> None:
    npm = shutil.which("npm")
    assert npm, "These tests need npm, which brings axe-core."
    subprocess.run([npm, "pack", f"axe-core@{VERSION}", "--silent"], cwd=folder, check=True, capture_output=True)


def violations(page, text: str, figures: bool = False, **options) -> list[str]:
    """The violations on the page in its current state, one line per element. ``figures``: axe looks into figures too, which takes
    four times as long."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(text)
    found = page.evaluate(RUN, [None if figures else FIGURES, options])
    return [f"avoid-inline-spacing: {one[:200]}" for one in page.evaluate(SPACED, FIGURES)] + [
        f"{rule['id']}: {node['target']} {node['failureSummary'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
