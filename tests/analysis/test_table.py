"""The paper's table next to our measurements."""

import json
import math
import re

import pytest
from results_helpers import ZOO, made, small

from stn_demo import checkpoints
from stn_demo.__main__ import main
from stn_demo.analysis import cells, published, table
from stn_demo.analysis.cells import Cell
from stn_demo.training import TrainingSettings, evaluate
from stn_demo.training.datasets import load_digits
from stn_demo.training.recipes import ZOO as RECIPES_OF_THE_TABLE


@pytest.fixture
def folder(tmp_path, monkeypatch, one_thread):
    small(monkeypatch)
    return made(tmp_path / "zoo")


def printed(capsys, *arguments):
    assert main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def entry(name, error, seed=0):
    result = {
        "error": error,
        "interval": [error - 0.1, error + 0.1],
        "count": 10000,
        "parameters": 1,
        "training_seconds": 60,
    }
    return {"checkpoint": {"name": name}, "test": {"data": "mnist", "seed": seed}, "result": result}


def test_published_errors_equal_the_paper():
    """Means from table 1 (left) of the paper, one of each row and column."""
    assert published.ERRORS[Cell("r", "fcn", None)] == 2.1
    assert published.ERRORS[Cell("rts", "cnn", None)] == 0.8
    assert published.ERRORS[Cell("p", "stfcn", "projective")] == 1.4
    assert published.ERRORS[Cell("e", "stcnn", "tps")] == 1.1
    assert published.ERRORS[Cell("tc", "stcnn", "affine")] == 1.7
    assert Cell("tc", "stcnn", "tps") not in published.ERRORS
    assert len(published.ERRORS) == 5 * 8 - 4


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("rts-stcnn-tps", (Cell("rts", "stcnn", "tps"), 0)),
        ("tc-cnn", (Cell("tc", "cnn", None), 0)),
        ("r-cnn-seed2", (Cell("r", "cnn", None), 2)),
        ("r-stfcn-affine-seed1", (Cell("r", "stfcn", "affine"), 1)),
        ("seed-affine", None),
        ("r-cnn-affine", None),
        ("r-stcnn", None),
        ("r-stcnn-affine-old", None),
    ],
)
def test_checkpoint_name_gives_its_cell(name, place):
    assert cells.cell_of(name) == place
    if place and not place[1]:
        assert place[0].name == name


def test_each_network_is_paired_with_its_twin():
    pairs = dict(
        cells.pairs(
            [
                "r-cnn",
                "r-stcnn-affine",
                "r-stfcn-affine",
                "e-stcnn-tps",
                "r-stcnn-affine-seed1",
                "seed-affine",
                "seed-cnn",
            ]
        )
    )
    assert pairs == {"seed-affine": "seed-cnn", "r-stcnn-affine": "r-cnn", "e-stcnn-tps": None, "r-stfcn-affine": None}


@pytest.mark.parametrize(("error", "below"), [(0.69, True), (0.7, False), (0.71, False)])
def test_below_the_paper_means_strictly_below(error, below):
    rows = {row["checkpoint"]: row for row in table.cells({"r-stcnn-affine": entry("r-stcnn-affine", error)})}
    assert rows["r-stcnn-affine"]["below"] is below
    assert rows["r-cnn"]["error"] is None and rows["r-cnn"]["below"] is None and rows["r-cnn"]["paper"] == 1.2


def test_cell_shows_the_first_seed_and_the_spread_of_all():
    names = ("r-cnn-seed2", "r-cnn", "r-cnn-seed1")
    rows = table.cells({name: entry(name, error) for name, error in zip(names, (1.3, 1.0, 1.1), strict=True)}, ["r"])
    row = next(row for row in rows if row["network"] == "cnn")
    assert row["error"] == 1.0 and row["checkpoint"] == "r-cnn" and row["seeds"] == [1.0, 1.1, 1.3]
    assert row["below"] is True  # of 1.2, with a mean of 1.13
    assert row["spread"] == {
        "mean": pytest.approx(3.4 / 3, abs=1e-4),
        "deviation": pytest.approx(math.sqrt(0.07 / 3), abs=1e-4),
    }

    worse = table.cells({"r-cnn": entry("r-cnn", 1.1), "r-cnn-seed1": entry("r-cnn-seed1", 1.4)}, ["r"])
    assert next(row for row in worse if row["network"] == "cnn")["below"] is False  # a lucky first seed is not enough


def test_the_command_measures_every_network_on_its_own_distortion(folder, capsys):
    rows = json.loads(printed(capsys, "table", "--folder", folder, "--data-set", "handwriting", "--json"))["cells"]
    found = {row["checkpoint"]: row for row in rows if row["error"] is not None}
    assert set(found) == {"r-stcnn-affine", "r-cnn", "e-stcnn-tps", "tc-stcnn-affine"}
    digits = load_digits("handwriting", train=False)
    for name, row in found.items():
        expected = evaluate(checkpoints.load(name, folder), digits, ZOO[name][0], seed=0)
        assert row["error"] == expected.error and row["count"] == 100
        assert row["interval"] == [round(end, 4) for end in expected.interval]
        assert row["parameters"] == checkpoints.read_info(name, folder).parameters
    assert len(found["r-cnn"]["seeds"]) == 2 and found["r-cnn"]["training_seconds"] == 91
    assert len(rows) == len(published.ERRORS)


def test_command_prints_our_errors_and_the_papers(folder, capsys):
    out = printed(capsys, "table", "--folder", folder, "--data-set", "handwriting", "--distortion", "r")
    lines = {re.split(r"\s{2,}", line)[1]: line for line in out.splitlines() if line.startswith("R ")}
    assert "2.1" in lines["FCN"] and "missing" in lines["FCN"]
    ours = lines["ST-CNN affine"]
    assert (
        " 0.7 " in ours and " to " in ours and "NO" in ours and "27,360" in ours and "90 s" in ours and "a desk" in ours
    )
    assert "2: " in lines["CNN"] and "±" in lines["CNN"]
    assert "0 of 1 ST-CNN cells strictly below the paper" in out and "100 handwriting test digits" in out
    assert "RTS" not in out


def test_existing_measurements_are_not_repeated(folder, capsys):
    printed(capsys, "table", "--folder", folder, "--data-set", "handwriting")
    main(["table", "--folder", str(folder), "--data-set", "handwriting"])
    assert capsys.readouterr().err == ""
    main(["table", "--folder", str(folder), "--data-set", "handwriting", "--force", "--distortion", "e"])
    assert capsys.readouterr().err == "stn_demo: e-stcnn-tps: table\nstn_demo: e-stcnn-tps: draws\n"


def test_a_shipped_checkpoint_end_to_end_on_the_embedded_digits(one_thread, capsys):
    """Weights from the repository and generated digits, no MNIST: a network that was trained on MNIST also reads them."""
    measured = json.loads(printed(capsys, "evaluate", "seed-affine", "--data-set", "handwriting", "--json"))
    assert measured["count"] == 2000 and measured["error"] < 8
    assert sum(measured["confusion"][label][label] for label in range(10)) == round(
        2000 * (1 - measured["error"] / 100)
    )
    posed = json.loads(
        printed(capsys, "evaluate", "seed-affine", "--data-set", "handwriting", "--distortion", "pose", "--json")
    )
    assert measured["error"] < posed["error"] < 25


NOT_TRAINED = {"rts-stfcn-tps", "p-stfcn-tps", "e-stfcn-tps"}  # the README's "–"


def test_the_shipped_networks_of_the_table_are_what_their_recipes_make():
    shipped = [(info, *place) for info in checkpoints.available() if (place := cells.cell_of(info.name))]
    assert {cell.name for _, cell, seed in shipped if seed == 0} == set(RECIPES_OF_THE_TABLE) - NOT_TRAINED
    for info, cell, seed in shipped:
        settings = TrainingSettings.from_dict(info.provenance["settings"])  # fields that came later take their defaults
        assert settings == RECIPES_OF_THE_TABLE[cell.name].but(seed=seed), info.name
        assert info.parameters <= 400_000 and info.bytes <= 1_700_000, info.name


def test_draws_are_independent_and_their_mean_is_compared(folder, capsys):
    arguments = ("table", "--folder", folder, "--data-set", "handwriting", "--distortion", "r", "--draws", 3)
    rows = json.loads(printed(capsys, *arguments, "--json"))["cells"]
    row = next(row for row in rows if row["checkpoint"] == "r-stcnn-affine")
    model, digits = checkpoints.load("r-stcnn-affine", folder), load_digits("handwriting", train=False)
    errors = [evaluate(model, digits, "r", seed).error for seed in range(3)]
    assert row["draws"]["errors"] == pytest.approx(errors, abs=1e-3) and row["draws"]["pictures"] == 300
    assert row["draws"]["mean"] == pytest.approx(sum(errors) / 3, abs=1e-3) and row["error"] == errors[0]
    assert f"3: {row['draws']['mean']:.2f} ± " in printed(capsys, *arguments)


def test_default_is_ten_draws(folder, capsys):
    arguments = ("table", "--folder", folder, "--data-set", "handwriting")
    every = [row for row in json.loads(printed(capsys, *arguments, "--json"))["cells"] if row["error"] is not None]
    assert every and all(len(row["draws"]["errors"]) == 10 for row in every)
    one = json.loads(printed(capsys, *arguments, "--json", "--draws", 1))["cells"]
    assert not any(row["draws"] for row in one)
    assert main(["table", "--folder", str(folder), "--draws", "0"]) and "1 to 100" in capsys.readouterr().err


@pytest.mark.parametrize(("mean", "below"), [(0.6, True), (0.8, False)])
def test_a_lucky_draw_is_not_below_the_paper(mean, below):
    draws = {"r-stcnn-affine": {"result": {"errors": [0.65], "mean": mean, "deviation": 0.0, "pictures": 1}}}
    rows = table.cells({"r-stcnn-affine": entry("r-stcnn-affine", 0.65)}, ["r"], draws)
    assert next(row for row in rows if row["checkpoint"] == "r-stcnn-affine")["below"] is below


def test_the_command_prints_how_each_transformer_moves_with_the_digit(folder, capsys):
    out = printed(capsys, "table", "--folder", folder, "--data-set", "handwriting")
    head, *lines = out.split("\n\n")[-1].splitlines()
    assert head.split()[:2] == ["transformer", "slope"]
    assert {line.split()[0] for line in lines} == {"r-stcnn-affine", "e-stcnn-tps", "upright", "upright-labels", "turn-affine", "seed-affine"}  # fmt: skip
    slopes = [float(line.split()[1]) for line in lines]
    assert slopes == sorted(slopes, reverse=True)
