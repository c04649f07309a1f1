"""Figures of the Results page: they contain the measured values, and text keys and colours that exist."""

import json
import re
import statistics
from pathlib import Path

import pytest
from results_helpers import made, measured, small

from stn_demo.analysis import results
from stn_demo.ui.results import figures, limits
from stn_demo.ui.results import story as results_story

UI = Path(results_story.__file__).parents[1]


@pytest.fixture(scope="module")
def found(tmp_path_factory, one_thread):
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        return measured(made(tmp_path_factory.mktemp("networks") / "zoo"))[1]


@pytest.fixture(scope="module")
def story(found):
    return results_story.overview(found, "r-stcnn-affine")


def plots(story):
    return {one["id"]: one["plot"] for one in story["figures"]}


def test_the_curves_are_the_measured_ones_of_both_networks(found, story):
    for part in ("rotation", "scale", "shift_x", "shear"):
        twin, own = plots(story)[f"curve-{part}"]["data"]
        for line, name in ((own, "r-stcnn-affine"), (twin, "r-cnn")):
            measured = found["robustness"][name]["result"]["curves"][part]
            assert line["x"] == measured["at"] and line["y"] == measured["right"]
    (shade,) = plots(story)["curve-rotation"]["layout"]["shapes"]
    assert (shade["type"], shade["x0"], shade["x1"]) == ("rect", -90, 90)
    (never,) = plots(story)["curve-scale"]["layout"]["shapes"]
    assert (never["type"], never["x0"], never["x1"]) == ("line", 1, 1)


def test_pose_in_against_pose_undone_has_its_ideal_line(found, story):
    for part in ("rotation", "scale"):
        points, ideal, median = plots(story)[f"undone-{part}"]["data"]
        measured = found["undone"]["r-stcnn-affine"]["result"]["posed"][part]
        assert points["x"] == measured["done"] and points["y"] == measured["undone"]
        assert ideal["x"] == ideal["y"]
        assert [list(pair) for pair in zip(median["x"], median["y"], strict=True)] == [
            [row[0], row[2]] for row in measured["bins"]
        ]


def test_classes_and_confusion_are_the_measured_ones(found, story):
    before, after = plots(story)["alignment"]["data"]
    measured = found["classes"]["r-stcnn-affine"]["result"]
    assert before["y"] == measured["alignment_before"] and after["y"] == measured["alignment_after"]
    (heat,) = plots(story)["confusion"]["data"]
    rows = found["table"]["r-stcnn-affine"]["result"]["confusion"]
    for label in range(10):
        assert heat["z"][label] == [None if answer == label else rows[label][answer] for answer in range(10)]
    (boxes,) = plots(story)["theta-rotation"]["data"]
    assert boxes["median"] == [row[2] for row in found["undone"]["r-stcnn-affine"]["result"]["upright"]["rotation"]]


def test_limit_figures_compare_the_networks_named_in_the_text(found):
    shown = limits.unrewarded(found)
    medians = {line["name"]: line["y"] for line in shown["plot"]["data"][1:]}
    for name in ("turn-affine", "seed-affine"):
        assert medians[name] == [row[2] for row in found["undone"][name]["result"]["posed"]["rotation"]["bins"]]
    args = shown["says"][0]["args"]
    assert args["error"] == f"{found['table']['turn-affine']['result']['error']:.2f}"
    shown = limits.unseen(found)
    assert shown["says"][0]["args"]["one"] == "r-stcnn-affine" and shown["says"][0]["args"]["other"] == "e-stcnn-tps"
    one, other = shown["plot"]["data"]
    assert one["y"] == found["robustness"]["r-stcnn-affine"]["result"]["curves"]["rotation"]["right"]
    assert other["y"] == found["robustness"]["e-stcnn-tps"]["result"]["curves"]["rotation"]["right"]


@pytest.mark.parametrize(("share", "key"), [(0.02, "little"), (0.37, "part"), (0.97, "much"), (-0.3, "little")])
def test_the_sentence_follows_the_number(found, share, key):
    entry = json.loads(json.dumps(found["undone"]["r-stcnn-affine"]))
    entry["result"]["posed"]["rotation"]["share"] = share
    (says,) = figures.undone("rotation", entry)["says"]
    assert says["key"] == f"results.says.undone.rotation.{key}" and says["args"]["share"] == figures.number(100 * share)


def test_flat_curve_is_not_described_as_falling(found):
    entry = json.loads(json.dumps(found["robustness"]["r-cnn"]))
    curve = entry["result"]["curves"]["rotation"]
    curve["right"] = [98.0] * len(curve["at"])
    assert figures.curve("rotation", entry, None)["says"][1]["key"] == "results.says.holds"
    curve["right"][0] = 20.0
    falls = figures.curve("rotation", entry, None)["says"][1]
    assert falls["key"] == "results.says.falls" and falls["args"] == {"at": "−180°", "least": "20.0"}


def test_the_page_begins_with_three_sentences_of_measured_numbers(found):
    right, turns, last = results_story.overview(found, None)["opening"]
    assert last["also"] == [], "one draw of each: the intervals judge"
    table = {name: entry["result"] for name, entry in found["table"].items()}
    assert right["args"]["name"] == "upright" and right["args"]["plain"] == "seed-cnn"
    assert right["args"]["right"] == f"{100 - table['upright']['error']:.1f}"
    assert right["args"]["plain_right"] == f"{100 - table['seed-cnn']['error']:.1f}"
    slope = found["turning"]["upright"]["result"]["slope"]
    assert turns["args"]["turned"] == figures.number(60 * slope) and turns["args"]["turn"] == 60
    assert last["args"] == {
        "error": f"{table['r-stcnn-affine']['error']:.2f}", "plain": f"{table['r-cnn']['error']:.2f}"
    }  # fmt: skip
    words = json.loads((UI / "strings" / "en.json").read_text(encoding="utf-8"))
    also = results_story.overview(drawn(found), None)["opening"][-1]["also"]
    for one in (right, turns, last, *also):
        assert set(re.findall(r"\{(\w+)\}", words[one["key"]])) == set(one["args"])


def drawn(found, **errors):
    """The results with draws of R, and of TC with a plain network whose error is lower."""
    results = json.loads(json.dumps(found))
    errors = {"r-stcnn-affine": [0.56, 0.60, 0.66], "r-cnn": [0.76, 0.82, 0.88]} | errors
    errors |= {"tc-stcnn-affine": [1.1, 1.2, 1.3], "tc-cnn": [0.4, 0.5, 0.6]}
    results["table"]["tc-cnn"] = json.loads(json.dumps(found["table"]["r-cnn"]))
    results["table"]["tc-cnn"]["checkpoint"]["name"] = "tc-cnn"
    results["draws"] = {
        name: {"result": {"errors": each, "mean": sum(each) / 3, "deviation": statistics.stdev(each)}}
        for name, each in errors.items()
    }
    return results


@pytest.mark.parametrize(
    ("stn", "key"),
    [([0.56, 0.60, 0.66], "better"), ([0.80, 0.80, 0.90], "tie"), ([0.90, 0.95, 1.00], "worse")],
)
def test_third_sentence_uses_all_draws_of_the_table(found, stn, key):
    results = drawn(found, **{"r-stcnn-affine": stn})
    for name in ("r-stcnn-affine", "r-cnn"):  # the intervals of the first draw overlap in all three cases
        results["table"][name]["result"] |= {"error": 0.7, "interval": [0.5, 0.9]}
    overview = results_story.overview(results, None)
    said = overview["opening"][-1]
    cells = {cell["checkpoint"]: cell for cell in overview["table"]["cells"]}
    assert said["key"] == f"results.opening.{key}" and overview["table"]["ties"] == (["r"] if key == "tie" else [])
    for field, name in (("error", "r-stcnn-affine"), ("plain", "r-cnn")):
        draws = cells[name]["draws"]
        assert said["args"][field] == f"{draws['mean']:.2f} ± {draws['deviation']:.2f}"
    draws, harm = said["also"]
    assert draws["args"] == {"draws": 3}
    assert harm["args"] == {"error": "1.20 ± 0.10", "plain": "0.50 ± 0.10", "distortion": "tc"}


def test_shipped_sentence_agrees_with_the_shipped_table():
    overview = results_story.overview(results.read_all(results.folder_of()), None)
    cells = {cell["checkpoint"]: cell for cell in overview["table"]["cells"] if cell["draws"]}
    own, plain = cells["r-stcnn-affine"]["draws"], cells["r-cnn"]["draws"]
    assert own["mean"] + own["deviation"] < plain["mean"] - plain["deviation"]
    assert overview["opening"][-1]["key"] == "results.opening.better" and "r" not in overview["table"]["ties"]


@pytest.mark.parametrize(("own", "key"), [((0.5, 0.8), "tie"), ((0.1, 0.2), "better"), ((2.0, 3.0), "worse")])
def test_tied_errors_are_described_as_a_tie(found, own, key):
    results = json.loads(json.dumps(found))
    for name, (low, high) in (("r-stcnn-affine", own), ("r-cnn", (0.6, 0.9))):
        results["table"][name]["result"] |= {"error": (low + high) / 2, "interval": [low, high]}
    overview = results_story.overview(results, "r-stcnn-affine")
    assert overview["opening"][-1]["key"] == f"results.opening.{key}"
    assert overview["table"]["ties"] == (["r"] if key == "tie" else [])


def test_the_table_of_the_page_is_judged_by_the_mean_of_the_draws(found):
    for mean, below in ((0.6, True), (0.8, False)):  # the paper has 0.7
        results = json.loads(json.dumps(found))
        results["table"]["r-stcnn-affine"]["result"]["error"] = 0.65
        draws = {"errors": [0.65, 2 * mean - 0.65], "mean": mean, "deviation": 0.1, "pictures": 200}
        results["draws"] = {"r-stcnn-affine": {"result": draws}}
        cells = results_story.overview(results, None)["table"]["cells"]
        cell = next(cell for cell in cells if cell["checkpoint"] == "r-stcnn-affine")
        assert cell["draws"] == draws and cell["below"] is below


def test_a_curve_says_where_network_and_twin_are_less_than_a_point_apart(found):
    entry = json.loads(json.dumps(found["robustness"]["r-cnn"]))
    curve = entry["result"]["curves"]["rotation"]
    for twin, near in ((98.5, True), (90.0, False)):
        other = json.loads(json.dumps(entry))
        curve["right"] = [98.0] * len(curve["at"])
        other["result"]["curves"]["rotation"]["right"] = [twin] * len(curve["at"])
        keys = [one["key"] for one in figures.curve("rotation", entry, other)["says"]]
        assert ("results.says.near.rotation" in keys) == near


def test_every_axis_has_a_title(found):
    drawn = results_story.overview(found, "upright")["figures"]
    assert len(drawn) > 8
    for one in drawn:
        for name in ("xaxis", "yaxis"):
            assert one["plot"]["layout"][name]["title"]["text"].startswith("@results.axis."), one["id"]


def test_network_for_clutter_shows_only_its_measurements(found):
    shown = plots(results_story.overview(found, "tc-stcnn-affine"))
    assert {"alignment", "confusion"} < set(shown) and not any(
        id.startswith(("curve", "undone", "theta")) for id in shown
    )


def test_empty_results_are_allowed_and_an_unknown_network_is_an_error(found):
    empty = {concern: {} for concern in ("table", "robustness", "undone", "classes", "failures")}
    assert results_story.overview(empty, None) == {"pairs": [], "pair": None}
    with pytest.raises(results_story.UnknownPair, match="no results about r-cnn"):
        results_story.overview(found, "r-cnn")


def test_every_text_key_and_colour_exists(found):
    """Of all networks, in both languages, in both themes."""
    words = [json.loads((UI / "strings" / f"{tag}.json").read_text(encoding="utf-8")) for tag in ("en", "zh-CN")]
    css = (UI / "explore" / "static" / "explore.css").read_text(encoding="utf-8")
    pairs = results_story.overview(found, None)["pairs"]
    assert len(pairs) > 5
    for pair in pairs:
        overview = results_story.overview(found, pair["name"])
        for one in overview["figures"]:
            for catalogue in words:
                assert f"results.figure.{one['id']}" in catalogue
                for says in one["says"]:
                    holes = set(re.findall(r"\{(\w+)\}", catalogue[says["key"]]))
                    assert holes <= set(says["args"]), f"{says['key']} has all its numbers"
            text = json.dumps(one["plot"])
            for key in re.findall(r'"@([^"]+)"', text):
                assert all(key in catalogue for catalogue in words), key
            for colour in re.findall(r'"\$([^"]+)"', text):
                assert css.count(f"--{colour}:") == 2, f"{colour} in either theme"


def test_both_catalogues_have_the_same_keys_and_placeholders():
    english, chinese = (
        json.loads((UI / "strings" / f"{tag}.json").read_text(encoding="utf-8")) for tag in ("en", "zh-CN")
    )
    ours = [key for key in english if key.startswith("results.")]
    assert ours == [key for key in chinese if key.startswith("results.")]
    for key in ours:
        assert set(re.findall(r"\{(\w+)\}", english[key])) == set(re.findall(r"\{(\w+)\}", chinese[key])), key


def test_scripts_and_pages_use_existing_text_keys():
    english = json.loads((UI / "strings" / "en.json").read_text(encoding="utf-8"))
    used = set()
    for path in (UI / "results").rglob("*.[jh][st]*"):
        used |= set(re.findall(r'"(results\.[a-z.]*[a-z])"', path.read_text(encoding="utf-8")))
    assert len(used) > 30 and used <= set(english), used - set(english)
