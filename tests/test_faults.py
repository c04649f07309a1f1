"""Every fault of a run has a sentence, in every language, with the same values in it."""

import json
import string
from pathlib import Path

import pytest

from stn_demo import faults
from stn_demo.checkpoints import CheckpointError, write_whole
from stn_demo.faults import SENTENCES, RunError, status_fields, why

PACKAGE = Path(faults.__file__).resolve().parent
CATALOGUES = {
    tag: json.loads((PACKAGE / "ui" / "strings" / f"{tag}.json").read_text(encoding="utf-8")) for tag in ("en", "zh-CN")
}


def holes(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("tag", CATALOGUES)
def test_every_fault_has_a_sentence_in_the_catalogue(tag):
    catalogue = CATALOGUES[tag]
    missing = [kind for kind in SENTENCES if f"train.fault.{kind}" not in catalogue]
    assert not missing, f"strings/{tag}.json lacks train.fault. ..."
    nobody = [key for key in catalogue if key.startswith("train.fault.") and key[12:] not in SENTENCES]
    assert not nobody
    for kind, text in SENTENCES.items():
        given = holes(text) | ({"folder"} if kind == "data_download" else set())
        assert holes(catalogue[f"train.fault.{kind}"]) <= given, kind


def test_a_fault_has_a_code_a_kind_and_a_sentence():
    error = RunError("limit_runs", count=5)
    assert (error.code, error.kind, error.values) == ("limit", "limit_runs", {"count": 5})
    assert (
        str(error)
        == status_fields("limit_runs", count=5)["message"]
        == "There are already 5 runs, which is the limit; delete some."
    )


def test_system_error_is_given_by_its_name(tmp_path):
    with pytest.raises(CheckpointError) as error:
        write_whole(tmp_path / "nowhere" / "file", b"")
    assert why(error.value) == {"why": "No such file or directory", "errno": "ENOENT"}
    assert why(CheckpointError("It is damaged.")) == {"why": "It is damaged", "errno": ""}
    for catalogue in CATALOGUES.values():
        assert {f"errno.{name}" for name in ("ENOSPC", "EACCES", "EROFS", "ENOTDIR", "EFBIG")} <= catalogue.keys()
