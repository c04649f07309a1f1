"""The folder of runs: what is refused, limits of room, renaming, saving and deleting."""

import os

import pytest
from run_helpers import STEPS, TINY, made, weights, work

from stn_demo import checkpoints
from stn_demo.runs import locks
from stn_demo.runs.runs import Limits, RunError, Runs
from stn_demo.runs.store import RunStore


def test_unknown_runs_are_refused(tmp_path):
    runs = Runs(tmp_path)
    assert runs.all() == []
    for id in ("", "..", "../x", "a/b", "A", "nope", None, 3, "x" * 41):
        for ask in (
            runs.status,
            runs.events,
            runs.snapshots,
            runs.path,
            runs.pause,
            runs.resume,
            runs.delete,
        ):
            with pytest.raises(RunError, match="no training run"):
                ask(id)


def test_invalid_settings_are_refused(tmp_path):
    runs = Runs(tmp_path, limits=Limits(minutes=10))
    bad = (
        {"minutes": 11},
        {"minutes": 0},
        {"minutes": float("nan")},
        {"digits": 0},
        {"device": "tpu; rm"},
        {"device": "cuda:99"},
    )
    for wrong in (*bad, {"name": "x" * 81}, {"name": "\x00"}):
        with pytest.raises(RunError):
            runs.start(TINY, **wrong)
    assert not [*tmp_path.iterdir()]


def test_missing_mnist_is_refused(tmp_path):
    with pytest.raises(RunError, match="MNIST is not in") as error:
        Runs(tmp_path / "runs", data_root=tmp_path, download=False).start(TINY.but(data="mnist"))
    assert error.value.code == "data" and not (tmp_path / "runs").exists()


def test_unwritable_folder_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be used: Not a directory") as error:
        Runs(tmp_path / "file" / "runs").start(TINY)
    assert error.value.code == "folder"


def test_disk_space_and_number_of_runs_are_limited(tmp_path, drawn):
    old, new = (made(tmp_path) for _ in "ab")
    for run in (old, new):
        work(run, drawn, *["step"] * 30, "stop")
    kept, size = old.snapshots(), old.size()
    with pytest.raises(RunError, match="There are already 2 runs"):
        Runs(tmp_path, limits=Limits(runs=2)).start(TINY)
    with pytest.raises(RunError, match="make room") as error:
        Runs(tmp_path, limits=Limits(free_bytes=1 << 60)).start(TINY)
    assert error.value.code == "disk"
    store = RunStore(tmp_path, Limits(bytes=2 * size - 100_000))
    store.create({"settings": TINY.to_dict()})
    assert len(old.snapshots()) <= 8 and {kept[0], kept[-1]} < set(old.snapshots())
    assert new.snapshots() == kept
    with pytest.raises(RunError, match="at most 0 MB"):
        Runs(tmp_path, limits=Limits(bytes=1000)).start(TINY)
    assert len(Runs(tmp_path).all()) == 3


def test_renaming_saving_and_deleting(tmp_path, reference):
    runs, id, folder = Runs(reference.path.parent), reference.id, tmp_path / "checkpoints"
    runs.rename(id, "  the  first ")
    assert runs.status(id)["name"] == "the first"
    path = runs.save(id, "latest", "mine", folder)
    info = checkpoints.read_info(path)
    assert weights(path) == weights(reference.network(STEPS)) and info.provenance["settings"] == TINY.to_dict()
    accuracy = runs.status(id)["accuracy"]
    assert info.provenance["test_error"]["pose"] == pytest.approx(100 * (1 - accuracy))
    assert checkpoints.load(runs.save(id, 5, "early", folder, twin=True)).config.placement == ()
    for name in ("mine", "../mine", ""):
        with pytest.raises(RunError):
            runs.save(id, "latest", name, folder)
    with pytest.raises(RunError, match="no saved"):
        runs.path(id, 11_111)
    for order in (runs.pause, runs.stop, runs.resume, runs.step):
        with pytest.raises(RunError, match="is done"):
            order(id)
    again = made(reference.path.parent)
    lock = locks.take(again.lock)
    with pytest.raises(RunError, match="stop it first"):
        runs.delete(again.id)
    os.close(lock)
    runs.delete(again.id)
    assert [run["id"] for run in runs.all()] == [id]
