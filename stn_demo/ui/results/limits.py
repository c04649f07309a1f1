"""Figures about the limits of a spatial transformer, see ``figures``."""

from __future__ import annotations

from typing import Any

from .figures import NAMED, axis, figure, ideal, layout, line, number, shade

KINDS = (("upright", None, None), ("upright-labels", "dash", "square"), ("seed-affine", "dot", "diamond"))


def kinds(results: dict[str, Any]) -> dict[str, Any] | None:
    """Rotation given against rotation undone for the three kinds of training: with two views of each digit, with class
    labels only, and with neither a frozen reader nor two views. None if one of them has not been measured.
    """
    measured = results["undone"]
    if any(name not in measured for name, *_ in KINDS):
        return None
    data: list[dict[str, Any]] = [ideal(-90, 90)]
    args: dict[str, str] = {}
    for index, (name, dash, symbol) in enumerate(KINDS):
        bins = measured[name]["result"]["posed"]["rotation"]["bins"]
        style = {key: value for key, value in (("dash", dash), ("symbol", symbol)) if value}
        x, y = [row[0] for row in bins], [row[2] for row in bins]
        data.append(line(name, x, y, "$net-fill", hovertemplate="%{x}° → %{y}°", **style))
        slope = results["turning"].get(name, {}).get("result", {}).get("slope")
        args |= {f"name{index}": name, f"slope{index}": "–" if slope is None else number(slope, 2)}
    shown = layout(
        axis("@results.axis.done.rotation", "$user", range=[-90, 90], dtick=45, tick0=0),
        axis("@results.axis.undone.rotation", "$net", range=[-96, 96], dtick=45, tick0=0),
        **NAMED,
    )
    return figure("kinds", data, shown, ("kinds", args))


def unrewarded(
    results: dict[str, Any],
    rewarded: str = "turn-affine",
    not_rewarded: str = "seed-affine",
    unaided: str = "r-stcnn-affine",
) -> dict[str, Any] | None:
    """Two networks of one architecture on the same rotated digits: one whose training rewarded undoing the rotation,
    and one whose training did not; and a third without such help. None if one of the two has not been measured.
    """
    measured = results["undone"]
    if rewarded not in measured or not_rewarded not in measured:
        return None
    one, other = (measured[name]["result"]["posed"]["rotation"] for name in (rewarded, not_rewarded))
    low, high = (bound * 90 for bound in (-1, 1))

    def median(name: str, found: dict[str, Any], **style: Any) -> dict[str, Any]:
        x, y = [row[0] for row in found["bins"]], [row[2] for row in found["bins"]]
        return line(name, x, y, "$net-fill", hovertemplate="%{x}° → %{y}°", **style)

    data = [ideal(low, high), median(rewarded, one), median(not_rewarded, other, dash="dot", symbol="diamond")]
    shown = layout(
        axis("@results.axis.done.rotation", "$user", range=[low, high], dtick=45, tick0=0),
        axis("@results.axis.undone.rotation", "$net", range=[low * 1.06, high * 1.06], dtick=45, tick0=0),
        **NAMED,
    )
    errors = {name: number(results["table"][key]["result"]["error"], 2) for name, key in
              (("error", rewarded), ("other_error", not_rewarded)) if key in results["table"]}  # fmt: skip
    args = {
        "one": rewarded,
        "share": number(100 * one["share"]),
        "other": not_rewarded,
        "other_share": number(100 * other["share"]),
    }
    says = [("unrewarded" if len(errors) == 2 else "unrewarded.alone", args | errors)]
    if unaided in measured:
        share = measured[unaided]["result"]["posed"]["rotation"]["share"]
        says.append(("unaided", {"name": unaided, "share": number(100 * share)}))
    return figure("unrewarded", data, shown, *says)


def unseen(results: dict[str, Any]) -> dict[str, Any] | None:
    """Accuracy over rotation for a network trained on rotated digits and one that was not. None if there is no such
    pair: the first of each kind among the table's ST-CNNs, or the page's own network as the first.
    """
    measured = results["robustness"]

    def turned(name: str) -> float:
        return measured[name]["result"]["trained"]["rotation"][1]

    stns = [name for name in sorted(measured) if "-stcnn-" in name or name in results["undone"]]
    seen = sorted((name for name in stns if turned(name) >= 90), key=lambda name: ("-stcnn-" not in name, name))
    not_seen = sorted((name for name in stns if turned(name) == 0), key=lambda name: ("-stcnn-" not in name, name))
    if not seen or not not_seen:
        return None
    one, other = (measured[name]["result"]["curves"]["rotation"] for name in (seen[0], not_seen[0]))
    hover = "%{x}°: %{y:.1f} %"
    data = [
        line(seen[0], one["at"], one["right"], "$net-fill", hovertemplate=hover),
        line(not_seen[0], other["at"], other["right"], "$net-fill", dash="dot", symbol="diamond", hovertemplate=hover),
    ]
    shown = layout(
        axis("@results.axis.rotation", "$user", range=[-180, 180], dtick=90, tick0=0),
        axis("@results.axis.right", range=[0, 102], dtick=25),
        shapes=[shade(-turned(seen[0]), turned(seen[0]))],
        **NAMED,
    )
    args = {"one": seen[0], "other": not_seen[0], "right": _percent_at(one, 60), "other_right": _percent_at(other, 60)}
    return figure("unseen", data, shown, ("unseen", args))


def _percent_at(values: dict[str, Any], place: float) -> str:
    return number(values["right"][values["at"].index(place)], 1)
