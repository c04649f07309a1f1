"""axe-core, which checks accessibility rules. npm downloads it once into pytest's cache; the browser's debugger injects it into a
page, so that the page's content policy is unchanged."""

import shutil
import subprocess
import tarfile

VERSION = "4.10.3"
AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
AAA = ("color-contrast-enhanced",)  # rules


def script(cache) -> str:
    """The text of axe-core. ``cache``: pytest's, of ``request.config``."""
    folder = cache.mkdir("axe-core")
    path = folder / f"axe-core-{VERSION}.tgz"
    if not path.exists():
        npm = shutil.which("npm")
        assert npm, "These tests need npm, which brings axe-core."
        subprocess.run([npm, "pack", f"axe-core@{VERSION}", "--silent"], cwd=folder, check=True, capture_output=True)
    with tarfile.open(path) as packed:
        return packed.extractfile("package/axe.min.js").read().decode()


def violations(page, text: str, **options) -> list[str]:
    """The violations on the page in its current state, one line per element."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(text)
    found = page.evaluate(
        "(options) => axe.run(document, { preload: false, resultTypes: ['violations'], ...options })", options
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
