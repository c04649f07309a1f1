"""Converts measurements to Plotly figures, each with sentences that describe the result. Pure functions; every number is
measured.

Each returns {"id", "says": sentences, {"key", "args"} each, "plot": {"data", "layout"}}, JSON-ready. The page has two
languages and two themes, so a figure contains neither words nor colours: a text that begins with ``@`` is a key of the
catalogue, one that begins with ``$`` a colour of the stylesheet; the browser replaces both (ui/results/plots.js). Blue
(``$net``) is the network, orange (``$user``) what is done to the digit, grey (``$plain-fill``) the plain twin, as on
the Explore page.
"""

from __future__ import annotations

from typing import Any

UNITS = {"rotation": "{}°", "scale": "× {}", "shift_x": "{} px", "shear": "{}"}
TICKS = {"rotation": 90, "scale": 0.5, "shift_x": 7, "shear": 0.5}
MUCH, LITTLE = 0.85, 0.15  # fraction of a pose: above the first nearly all is undone, below the second hardly any
TIE = 1.0  # percentage points; two curves that differ by less are described as equal
HOLDS = 5  # percentage points that a curve may fall without being mentioned
ALIGN_STEP = 20
NAMED: dict[str, Any] = {
    "showlegend": True,
    "legend": {
        "orientation": "h",
        "x": 0,
        "y": 1.02,
        "yanchor": "bottom",
        "font": {"size": 11},
        "itemclick": False,
        "itemdoubleclick": False,
    },
}


def number(value: float, decimals: int = 0) -> str:
    """A number for display: a true minus sign, no "-0"."""
    text = f"{abs(value):.{decimals}f}"
    return f"−{text}" if value < 0 and float(text) else text


def with_unit(part: str, value: float) -> str:
    decimals = {"scale": 1, "shear": 1}.get(part, 0)
    return UNITS[part].format(number(value, decimals))


def figure(
    id: str, data: list[dict[str, Any]], layout: dict[str, Any], *says: tuple[str, dict[str, Any]]
) -> dict[str, Any]:
    sentences = [{"key": f"results.says.{key}", "args": args} for key, args in says]
    return {"id": id, "says": sentences, "plot": {"data": data, "layout": layout}}


def axis(title: str | None = None, color: str = "$soft", **more: Any) -> dict[str, Any]:
    base = {"gridcolor": "$line", "zeroline": False, "linecolor": "$line", "fixedrange": True, "automargin": True}
    base["tickfont"] = {"color": "$soft", "size": 11}
    if title:
        base["title"] = {"text": title, "font": {"color": color, "size": 12}, "standoff": 6}
    return {**base, **more}


def layout(x: dict[str, Any], y: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {
        "xaxis": x,
        "yaxis": y,
        "showlegend": False,
        "margin": {"l": 6, "r": 10, "t": 8, "b": 6},
        "hovermode": "closest",
    }
    return {**base, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", **more}


def line(name: str, x: list[Any], y: list[Any], color: str, **more: Any) -> dict[str, Any]:
    style = {"color": color, "width": more.pop("width", 2.4), "dash": more.pop("dash", "solid")}
    marker = {"color": color, "size": 4.5, "symbol": more.pop("symbol", "circle")}
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": x,
        "y": y,
        "line": style,
        "marker": marker,
        **more,
    }


# ---------------------------------------------------------------- accuracy over one part of the pose
def curve(part: str, entry: dict[str, Any], twin: dict[str, Any] | None) -> dict[str, Any]:
    """Accuracy of a network and its plain twin over one part of the pose; the training range is shaded."""
    own, (low, high) = entry["result"]["curves"][part], entry["result"]["trained"][part]
    hover = UNITS[part].format("%{x}") + ": %{y:.1f} %"
    data = []
    if twin:
        other = twin["result"]["curves"][part]
        data.append(
            line("@results.twin", other["at"], other["right"], "$plain-fill", symbol="square", hovertemplate=hover)
        )
    data.append(line("@results.stn", own["at"], own["right"], "$net-fill", hovertemplate=hover))
    where = {"range": [min(own["at"]), max(own["at"])], "dtick": TICKS[part], "tick0": 0}
    shapes = [shade(low, high)] if high > low else [upright(low)]
    shown = layout(
        axis(f"@results.axis.{part}", "$user", **where),
        axis("@results.axis.right", range=[0, 102], dtick=25),
        shapes=shapes,
        hovermode="x",
    )
    return figure(
        f"curve-{part}", data, shown, *_says_of_curve(part, own, low, high, twin and twin["result"]["curves"][part])
    )


def _says_of_curve(
    part: str, own: dict[str, Any], low: float, high: float, twin: dict[str, Any] | None
) -> list[tuple[str, dict[str, Any]]]:
    """The sentences: accuracy within the training range, and outside."""
    inside, least = _inside(own, low, high), min(own["right"])
    beside = _inside(twin, low, high) if twin else None
    args = {"inside": number(inside, 1)} | ({} if beside is None else {"twin": number(beside, 1)})
    where = "inside" if high > low else "untrained"
    worst = {"at": with_unit(part, own["at"][own["right"].index(least)]), "least": number(least, 1)}
    tie = (
        [(f"near.{part}", {"points": number(TIE)})]
        if beside is not None and high > low and abs(inside - beside) < TIE
        else []
    )
    return [
        (where if twin else f"{where}.alone", args),
        *tie,
        ("holds" if least > inside - HOLDS else "falls", worst),
    ]


def shade(low: float, high: float) -> dict[str, Any]:
    return {
        "type": "rect", "xref": "x", "yref": "paper", "x0": low, "x1": high, "y0": 0, "y1": 1,
        "fillcolor": "$field", "opacity": 0.28, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def upright(at: float) -> dict[str, Any]:
    """A line at the training range if it has no width."""
    return {
        "type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1,
        "line": {"color": "$soft", "width": 2, "dash": "dot"}, "layer": "below",
    }  # fmt: skip


def _inside(values: dict[str, Any], low: float, high: float) -> float:
    """The mean of a curve over the steps within a range (or its value at the nearest step if the range is a point)."""
    inside = [right for at, right in zip(values["at"], values["right"], strict=True) if low - 1e-6 <= at <= high + 1e-6]
    if inside:
        return sum(inside) / len(inside)
    return min(zip(values["at"], values["right"], strict=True), key=lambda pair: abs(pair[0] - low))[1]


# ---------------------------------------------------------------- pose given and pose undone
def undone(part: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The pose given against the pose undone: every digit, the median, and the ideal line."""
    found = entry["result"]["posed"][part]
    low, high = min(found["done"]), max(found["done"])
    x = [row[0] for row in found["bins"]]
    unit = UNITS[part]
    hover = f"{unit.format('%{x}')} → {unit.format('%{y}')}"
    data = [
        {
            "type": "scatter", "mode": "markers", "name": "@results.undone.digit", "x": found["done"], "y": found["undone"],
            "marker": {"color": "$net-fill", "size": 5, "opacity": 0.35}, "hovertemplate": hover, "showlegend": False,
        },
        ideal(low, high),
        line("@results.undone.median", x, [row[2] for row in found["bins"]], "$net", hovertemplate=hover),
    ]  # fmt: skip
    spread = [min(low, *(row[1] for row in found["bins"])), max(high, *(row[3] for row in found["bins"]))]
    room = 0.08 * (spread[1] - spread[0])
    tick = {"rotation": 45, "scale": 0.25}[part]
    shown = layout(
        axis(f"@results.axis.done.{part}", "$user", range=[low, high], dtick=tick, tick0=0),
        axis(f"@results.axis.undone.{part}", "$net", range=[spread[0] - room, spread[1] + room], dtick=tick, tick0=0),
        **NAMED,
    )
    share = found["share"]
    how = "much" if share >= MUCH else "little" if share < LITTLE else "part"
    return figure(f"undone-{part}", data, shown, (f"undone.{part}.{how}", {"share": number(100 * share)}))


def ideal(low: float, high: float) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "lines", "name": "@results.undone.ideal", "x": [low, high], "y": [low, high],
        "line": {"color": "$user-fill", "width": 2, "dash": "dash"}, "hoverinfo": "skip",
    }  # fmt: skip


# ---------------------------------------------------------------- classes
def alignment(entry: dict[str, Any]) -> dict[str, Any]:
    """How much two digits of a class overlap, before and after the transformer."""
    before, after = entry["result"]["alignment_before"], entry["result"]["alignment_after"]
    labels = [str(label) for label in range(10)]

    def bars(name: str, values: list[float], color: str) -> dict[str, Any]:
        return {
            "type": "bar",
            "name": name,
            "x": labels,
            "y": values,
            "marker": {"color": color},
            "hovertemplate": "%{x}: %{y:.0f} %",
        }

    data = [bars("@results.before", before, "$user-fill"), bars("@results.after", after, "$net-fill")]
    top = ALIGN_STEP * (max(*before, *after) // ALIGN_STEP + 1)
    shown = layout(
        axis("@results.axis.class", type="category"),
        axis("@results.axis.share", range=[0, top], dtick=ALIGN_STEP),
        barmode="group",
        bargap=0.3,
    )
    means = {"before": number(sum(before) / 10), "after": number(sum(after) / 10)}
    better = sum(after) > sum(before)
    return figure("alignment", data, shown, (f"alignment.{'better' if better else 'worse'}", means))


def theta(part: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The transform of digits as written, by class: a box of 5, 25, 50, 75, 95 %."""
    rows = entry["result"]["upright"][part]
    known = [label for label in range(10) if rows[label]]
    columns = list(zip(*(rows[label] for label in known), strict=True))
    boxes = {
        "type": "box", "x": [str(label) for label in known], "name": "@results.stn",
        **{name: list(column) for name, column in zip(("lowerfence", "q1", "median", "q3", "upperfence"), columns, strict=True)},
        "line": {"color": "$net-fill", "width": 1.6}, "fillcolor": "$net-wash", "hoverinfo": "y",
    }  # fmt: skip
    neutral = 1 if part == "scale" else 0
    rest = {
        "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": neutral, "y1": neutral,
        "line": {"color": "$user-fill", "width": 1.6, "dash": "dash"}, "layer": "below",
    }  # fmt: skip
    shown = layout(
        axis("@results.axis.class", type="category"), axis(f"@results.axis.theta.{part}", "$net"), shapes=[rest]
    )
    most = max(known, key=lambda label: abs(rows[label][2] - neutral))
    args = {"label": most, "value": UNITS[part].format(number(rows[most][2], 2 if part == "scale" else 0))}
    return figure(f"theta-{part}", [boxes], shown, (f"theta.{part}", args))


def confusion(entry: dict[str, Any]) -> dict[str, Any]:
    """The confusion matrix. The diagonal, the right answers, is left out, because it would dominate the colour scale."""
    rows = entry["result"]["confusion"]
    wrong = {(label, answer): rows[label][answer] for label in range(10) for answer in range(10) if label != answer}
    labels = [str(label) for label in range(10)]
    counts = [[None if label == answer else rows[label][answer] for answer in range(10)] for label in range(10)]
    words = [["" if not count else str(count) for count in row] for row in counts]
    heat = {
        "type": "heatmap", "z": counts, "x": labels, "y": labels, "text": words, "texttemplate": "%{text}", "showscale": False,
        "colorscale": [[0, "$paper"], [1, "$net-fill"]], "zmin": 0, "zmax": 1.6 * max(1, *wrong.values()), "xgap": 1, "ygap": 1,
        "hovertemplate": "%{y} → %{x}: %{z}<extra></extra>", "hoverongaps": False, "textfont": {"size": 11, "color": "$text"},
    }  # fmt: skip
    shown = layout(
        axis("@results.axis.answer", "$net", type="category", showgrid=False),
        axis("@results.axis.label", type="category", showgrid=False, autorange="reversed"),
        plot_bgcolor="$line",
    )
    (label, answer), times = max(wrong.items(), key=lambda pair: pair[1])
    args = {
        "wrong": f"{sum(wrong.values()):,}",
        "count": f"{entry['result']['count']:,}",
        "label": label,
        "answer": answer,
        "times": times,
    }
    return figure("confusion", [heat], shown, ("confusion" if times else "confusion.none", args))
