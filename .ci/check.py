"""Every check except the tests: format and lint of Python, types, unit tests and lint of the browser files.

    python .ci/check.py

Exit status: 0 no finding; 1 findings; 3 no finding, but a tool is missing and could not be installed.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIOME = "@biomejs/biome@2.6.8"  # npx keeps it in npm's cache, outside the checkout
BROWSER_FILES = ("stn_demo/ui", "tests/js")
FINDINGS, MISSING = 1, 3
NO_NODE = (
    "The browser files were not checked: node and npx are missing. Install Node 20 or newer (Debian: apt-get "
    "install nodejs npm)."
)
NO_BIOME = "The browser files were not linted: npx could not install Biome. Try again with a connection to npm."


def has_findings(*command: str) -> bool:
    """Run a check; return whether it reported findings."""
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, cwd=ROOT, check=False).returncode != 0


def check_python() -> bool:
    python = (sys.executable, "-m")
    results = [
        has_findings(*python, "ruff", "format", "--check", "."),
        has_findings(*python, "ruff", "check", "."),
        has_findings(*python, "mypy"),
    ]
    return any(results)


def check_browser_files() -> tuple[bool, bool]:
    """Whether there are findings, and whether a tool is missing."""
    node, npx = shutil.which("node"), shutil.which("npx")
    if node is None or npx is None:
        print(NO_NODE)
        return False, True
    tests = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/js").glob("*.test.mjs"))
    failed = has_findings(node, "--test", "--test-reporter=spec", *tests)
    if all(has_findings(npx, "--yes", BIOME, "--version") for _ in range(2)):  # try twice: the connection may fail
        print(NO_BIOME)
        return failed, True
    lint = has_findings(npx, "--yes", BIOME, "lint", "--error-on-warnings", "--config-path=.ci", *BROWSER_FILES)
    return failed or lint, False


def main() -> int:
    python = check_python()
    browser, missing = check_browser_files()
    if python or browser:
        return FINDINGS
    return MISSING if missing else 0


if __name__ == "__main__":
    sys.exit(main())
