// Draws the server's figures (results/figures.py) with Plotly, in the page's language and colours.

import { whenBack } from "../../shared/again.js";
import { t } from "../../shared/i18n.js";
import { loadPlotly, textScale } from "../../shared/plotly.js";

export function attachPlots({ root, base }) {
  const places = [...root.querySelectorAll("[data-figure]")].map(prepared);
  let report = null;
  let scale = 1; // of the texts in the figures
  let cancel = () => {}; // of the next attempt to load Plotly
  let owed = false; // while the tab is closed nothing has a size, so drawing has to wait

  /** Texts at once; the drawing as soon as Plotly is loaded. */
  function draw(latest = report) {
    report = latest;
    if (!report) return;
    const figures = new Map(report.figures.map((figure) => [figure.id, figure]));
    for (const place of places) {
      const found = figures.get(place.id);
      place.figure.hidden = !found;
      if (!found) continue;
      const says = found.says.map(({ key, args }) => t(key, args)).join(document.documentElement.lang === "en" ? " " : "");
      place.title.textContent = t(`results.figure.${place.id}`);
      place.says.textContent = says;
      place.plot.setAttribute("aria-label", `${place.title.textContent}. ${says}`);
    }
    for (const panel of root.querySelectorAll(".panel:has(> .missing)")) {
      panel.querySelector(".missing").hidden = [...panel.querySelectorAll("[data-figure]")].some((figure) => !figure.hidden);
    }
    root.querySelector(".limits").hidden = [...root.querySelectorAll(".limits [data-figure]")].every((figure) => figure.hidden);
    paint(figures);
  }

  async function paint(figures) {
    owed = !root.clientWidth; // another page is open: Plotly is fetched when this one is
    if (owed) return;
    const drawn = report;
    let plotly;
    try {
      plotly = await loadPlotly(base);
    } catch {
      for (const { plot } of places) plot.replaceChildren(t("train.curves.missing"));
      cancel();
      cancel = whenBack(() => draw());
      return;
    }
    const look = colours(root);
    scale = textScale(places[0].figure);
    owed = false;
    for (const { id, plot } of places) {
      if (drawn !== report) return; // another pair has been chosen in the meantime
      const found = figures.get(id);
      owed ||= Boolean(found && !plot.clientWidth);
      if (!found || !plot.clientWidth) continue;
      if (!plot.dataset.drawn) plot.replaceChildren();
      const { data, layout } = dressed(found.plot, look, scale);
      const font = { family: look.font, color: look("text"), size: 12 * scale };
      const hoverlabel = { bgcolor: look("paper"), bordercolor: look("line"), font: { color: look("text"), size: 12 * scale } };
      await plotly.react(plot, data, { ...layout, font, hoverlabel, autosize: true }, { displayModeBar: false, responsive: true });
      plot.dataset.drawn = report.pair.name;
    }
  }

  new ResizeObserver(() => root.clientWidth && (owed || scale !== textScale(places[0].figure)) && draw()).observe(root);
  new MutationObserver(() => draw()).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  return draw;
}

/** A figure element with its title, its drawing and its sentence. */
function prepared(figure) {
  const [title, plot, says] = [["h3", "title"], ["div", "plot"], ["figcaption", "says"]].map(([tag, name]) =>
    Object.assign(document.createElement(tag), { className: name }),
  );
  plot.setAttribute("role", "img");
  figure.append(title, plot, says);
  return { id: figure.dataset.figure, figure, title, plot, says };
}

function colours(root) {
  const style = getComputedStyle(root);
  const look = (name) => style.getPropertyValue(`--${name}`).trim();
  look.font = style.fontFamily;
  return look;
}

/** A copy with its words ("@key") and colours ("$name") put in, and its texts ("font", "tickfont" ...) enlarged. */
function dressed(value, look, scale) {
  if (typeof value === "string") {
    if (value.startsWith("@")) return t(value.slice(1));
    return value.startsWith("$") ? look(value.slice(1)) : value;
  }
  if (Array.isArray(value)) return value.map((item) => dressed(item, look, scale));
  if (value === null || typeof value !== "object") return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dressed(item, look, scale)]));
  for (const font of ["font", "tickfont", "textfont"]) if (copy[font]?.size) copy[font].size *= scale;
  return copy;
}
