"""Texts that stayed in the language before: what is on the page, against the two catalogues."""

import json
import re
from pathlib import Path

import stn_demo.ui

STRINGS = Path(next(iter(stn_demo.ui.__path__))) / "strings"
WORDS = {tag: json.loads((STRINGS / f"{tag}.json").read_text(encoding="utf-8")) for tag in ("en", "zh-CN")}
LEAST = 4  # letters outside the placeholders; a shorter text, such as a unit, could be either language
LONG = 24  # from so many letters on, a text is also looked for within a longer one
SAID = """() => {
  const names = ["aria-label", "title", "aria-description", "aria-valuetext", "alt", "placeholder"];
  const found = [["title", document.title]];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest("script, style, #stn-loading, .tab-container.visually-hidden")) continue;
    for (const name of names) if (element.hasAttribute(name)) found.push([name, element.getAttribute(name)]);
    for (const node of element.childNodes) if (node.nodeType === 3) found.push(["text", node.data]);
  }
  return found.map(([where, text]) => [where, text.trim()]).filter(([, text]) => text);
}"""


PLACEHOLDER = re.compile(r"\{\w+\}")


def _pattern(text: str) -> str:
    return "(.+?)".join(re.escape(part) for part in PLACEHOLDER.split(text.strip()))


def _texts(tag: str) -> dict[str, tuple[str, re.Pattern, bool]]:
    """The texts that one catalogue has and the other has not, by key: the longest piece between placeholders, a pattern, and
    whether it is long enough to be looked for within a longer text."""
    letter, factor = (
        ("[A-Za-z]", 1) if tag == "en" else (r"[\u4e00-\u9fff]", 0.5)
    )  # a Chinese text has fewer characters
    common = set(WORDS["zh-CN" if tag == "en" else "en"].values())
    found = {}
    for key, text in WORDS[tag].items():
        count = len(re.findall(letter, PLACEHOLDER.sub("", text)))
        if text not in common and count >= LEAST * factor:
            piece = max(PLACEHOLDER.split(text.strip()), key=len)
            found[key] = piece, re.compile(_pattern(text), re.DOTALL), count >= LONG * factor
    return found


TEXTS = {tag: _texts(tag) for tag in WORDS}


def left(page, tag: str) -> list[str]:
    """The texts of the page in the language ``tag``, including hidden texts: one line for each."""
    found = []
    for where, text in {tuple(one) for one in page.evaluate(SAID)}:
        for key, (piece, pattern, is_long) in TEXTS[tag].items():
            if piece in text and (pattern.fullmatch(text) or (is_long and pattern.search(text))):
                found.append(f"{where}: {text[:80]} ({key})")
                break
    return sorted(found)
