"""Nothing of the page is left over: exports, style rules and sentences that no file uses."""

import json
import re
from pathlib import Path

import stn_demo.ui

UI = Path(next(iter(stn_demo.ui.__path__)))
TESTS = Path(__file__).resolve().parents[1]
GRADIO = {"html-container", "visually-hidden", "tabitem", "wrap"}  # classes of elements that Gradio makes
WEIGHT = {"train-layout"}  # stands in a selector for its weight only: no element has it
MADE = ("field-", "sheet-")  # classes whose ends the scripts compute
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)


def texts(*endings, folder=UI):
    return {path: path.read_text(encoding="utf-8") for end in endings for path in sorted(folder.rglob(f"*.{end}"))}


def words(texts):
    return {word for text in texts for word in re.findall(r"[A-Za-z_][\w-]*", text)}


def test_every_export_is_used_by_another_file():
    scripts = texts("js")
    named = {path: words([text]) for path, text in scripts.items()}
    tests = words(texts("mjs", "py", folder=TESTS).values())
    unused = [
        f"{path.relative_to(UI)}: {name}"
        for path, text in scripts.items()
        for name in EXPORT.findall(text)
        if name not in tests and not any(name in other for there, other in named.items() if there != path)
    ]
    assert len(scripts) > 50 and unused == []


def test_every_class_and_id_of_a_style_sheet_is_used():
    markup = words(texts("js", "html", "py").values())
    unused, seen = [], set()
    for path, text in texts("css").items():
        bare = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        for rule in re.findall(r"([^{};]+)\{", bare):
            for name in re.findall(r"[.#]([A-Za-z][\w-]*)", rule):
                seen.add(name)
                if name not in GRADIO | WEIGHT and not name.startswith(MADE) and name not in markup:
                    unused.append(f"{path.relative_to(UI)}: {name}")
    assert len(seen) > 100 and unused == []


def test_every_sentence_of_the_catalogue_is_used():
    """A key stands in a file as a whole, or its beginning does and a file adds the end."""
    keys = json.loads((UI / "strings" / "en.json").read_text(encoding="utf-8"))
    files = [text for path, text in texts("js", "html", "py", "json").items() if path.parent != UI / "strings"]
    files += texts("py", folder=UI.parent).values()
    whole = {word for text in files for word in re.findall(r"[\w.-]+", text)}
    begun = {word for text in files for word in re.findall(r"([\w.-]+\.)(?:\$?\{|[\"'`%])", text)}
    ends = {word for text in files for word in re.findall(r"\}\.([\w-]+)[`\"']", text)}

    def is_used(key):
        parts = key.split(".")
        before, _, end = key.rpartition(".")
        return (
            key in whole
            or (before in whole and end in ends)
            or any(".".join(parts[:count]) + "." in begun for count in range(1, len(parts)))
        )

    assert len(keys) > 500 and [key for key in keys if not is_used(key)] == []
