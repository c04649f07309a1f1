// Loss and accuracy, of the network and of its plain twin, in training and on test digits. Drawn by Plotly, which is
// fetched when the page is first seen.

import { whenBack } from "../../shared/again.js";
import { number, t } from "../../shared/i18n.js";
import { put } from "../../shared/node.js";
import { loadPlotly, textScale } from "../../shared/plotly.js";
import { percent, short } from "./format.js";

const DOMAINS = { accuracy: [0.47, 1], loss: [0, 0.4] };

export function attachCurves({ root, session, base }) {
  const place = root.querySelector("#train-plot");
  const box = root.querySelector("#train-curves");
  const cursor = root.querySelector("#train-cursor");
  const log = root.querySelector("#train-log");
  const gap = root.querySelector("#train-plot-missing");
  let plotly = null; // false while it is being loaded
  let missing = false; // whether it could not be loaded
  let drawn = "";

  async function load() {
    if (plotly !== null || !session.visible) return;
    plotly = false;
    try {
      plotly = await loadPlotly(base);
      missing = false;
    } catch {
      plotly = null;
      missing = true;
      whenBack(load);
    }
    draw();
  }

  async function draw(force = true) {
    root.querySelector("#train-key-twin").hidden = !session.run?.twin;
    root.querySelector("#train-key-rate").hidden = !session.curves.rates.step.length;
    put(gap, "hidden", !missing);
    if (!plotly || !session.visible || !place.clientWidth) return;
    const { steps, tests, rates } = session.curves;
    const key = `${session.id} ${steps.step.length} ${steps.step.at(-1)} ${tests.step.length} ${rates.step} ${log.checked}`;
    if (!force && key === drawn) return;
    const first = !drawn;
    drawn = key;
    const style = { ...colours(root), scale: textScale(box) };
    await plotly.react(place, traces(session, style), layout(style, log.checked, session), { displayModeBar: false, responsive: true });
    if (first) place.on("plotly_click", ({ points: [point] }) => session.look(nearest(session.snapshots, point.x)));
    point();
    box.setAttribute("aria-label", spoken(session));
  }

  /** The current step of the timeline, as a line over both plots. */
  function point() {
    const axis = place._fullLayout?.xaxis;
    cursor.hidden = session.at === null || !axis || (log.checked && session.at < 1);
    if (cursor.hidden) return;
    const x = axis.d2p(session.at);
    cursor.hidden = !(x >= 0 && x <= axis._length);
    cursor.style.transform = `translateX(${axis._offset + x}px)`;
  }

  log.addEventListener("change", () => draw());
  session.on("visible", () => {
    load();
    draw();
  });
  session.on("progress", () => draw(false));
  session.on("run", () => draw());
  session.on("at", point);
  session.on("lang", () => draw());
  new MutationObserver(() => draw()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  new ResizeObserver(() => draw()).observe(place);
}

function colours(root) {
  const style = getComputedStyle(root);
  const value = (name) => style.getPropertyValue(`--${name}`).trim();
  return { user: value("user"), net: value("net-fill"), plain: value("plain-fill"), text: value("text"), soft: value("soft"), line: value("line"), paper: value("paper"), font: style.fontFamily };
}

function traces({ run, curves: { steps, tests } }, { net, plain }) {
  const hundred = (values) => values.map((value) => (value == null ? null : 100 * value));
  const line = (name, x, y, color, axis, test) => ({
    type: "scatter", mode: test ? "lines+markers" : "lines", name, x, y, yaxis: axis, connectgaps: true,
    line: { color, width: test ? 2.2 : 1.4 }, marker: { color, size: 4.5 }, opacity: test ? 1 : 0.55,
    hovertemplate: axis === "y" ? "%{y:.1f} %" : "%{y:.3f}",
  });
  const [stn, twin, train] = ["stn", "twin", "train"].map((name) => t(`train.curves.${name}`));
  const all = [];
  if (run?.twin) {
    all.push(line(`${twin}, ${train}`, steps.step, hundred(steps.twin_accuracy), plain, "y", false));
    all.push(line(`${twin}, ${train}`, steps.step, steps.twin_loss, plain, "y2", false));
    all.push(line(twin, tests.step, hundred(tests.twin_accuracy), plain, "y", true));
  }
  all.push(line(`${stn}, ${train}`, steps.step, hundred(steps.accuracy), net, "y", false));
  all.push(line(`${stn}, ${train}`, steps.step, steps.loss, net, "y2", false));
  all.push(line(stn, tests.step, hundred(tests.accuracy), net, "y", true));
  return all;
}

function layout({ user, text, soft, line, paper, font, scale }, log, { id, curves: { steps, tests, rates } }) {
  const size = 11 * scale;
  const axis = { gridcolor: line, zeroline: false, linecolor: line, tickfont: { color: soft, size }, automargin: false, fixedrange: true };
  const last = Math.max(10, steps.step.at(-1) ?? 0, tests.step.at(-1) ?? 0);
  const note = (text, y) => ({
    text, x: 1, y, xref: "paper", yref: "paper", xanchor: "right", yanchor: "bottom", showarrow: false, font: { color: soft, size },
  });
  const marks = rateMarks(rates, log, { color: user, size }, last);
  const top = Math.max(2.4, ...steps.loss.slice(0, 3).filter(Number.isFinite));
  return {
    uirevision: `${id} ${log}`,
    autosize: true,
    margin: { l: 38 * scale, r: 8, t: 6 * scale, b: 22 * scale },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: font, color: text },
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: paper, bordercolor: line, font: { color: text, size } },
    shapes: marks.map(({ shape }) => shape),
    annotations: [note(t("train.curves.accuracy"), DOMAINS.accuracy[0]), note(t("train.curves.loss"), DOMAINS.loss[1] - 0.07), ...marks.map(({ words }) => words)],
    xaxis: { ...axis, anchor: "y2", type: log ? "log" : "linear", range: log ? [0, Math.log10(last)] : [0, last], dtick: log ? 1 : undefined, nticks: 6 },
    yaxis: { ...axis, domain: DOMAINS.accuracy, range: [0, 101], tickvals: [0, 25, 50, 75, 100] },
    yaxis2: { ...axis, domain: DOMAINS.loss, range: [0, Math.min(top * 1.05, 6)], nticks: 4 },
  };
}

/** A dotted line over both plots where the learning rate was changed, with the new rate beside it. */
function rateMarks({ step, learning_rate: rate }, log, font, last) {
  return step.flatMap((at, index) => {
    if (log && at < 1) return [];
    const x = log ? Math.log10(at) : at; // of annotations; shapes take the value itself
    const late = x > 0.7 * (log ? Math.log10(last) : last); // there is no room for its text to the right
    return [{
      shape: { type: "line", xref: "x", yref: "paper", x0: at, x1: at, y0: 0, y1: 1, line: { color: font.color, width: 1.5, dash: "dot" } },
      words: {
        text: t("train.curves.rate.at", { rate: short(rate[index]) }), x, y: DOMAINS.loss[1], xref: "x", yref: "paper",
        xanchor: late ? "right" : "left", yanchor: "bottom", showarrow: false, font,
      },
    }];
  });
}

function nearest(steps, x) {
  return steps.reduce((best, step) => (Math.abs(step - x) < Math.abs(best - x) ? step : best), steps[0] ?? null);
}

function spoken({ run, curves: { steps } }) {
  if (!run) return t("train.curves.title");
  return t("train.curves.spoken", { accuracy: percent(run.accuracy), loss: number(steps.loss.at(-1), 2), step: run.step ?? 0 });
}
