/** The sum of the sampler as a table: the four pixels around the sampling position, their values, weights and products. */

import { number, t } from "../../shared/i18n.js";
import { make } from "./predict.js";

/**
 * table: its content is replaced. inspect: of a frame. shown: which of "neighbours", "weights", "sum" are filled in; with
 * `ask` the sum is left out.
 */
export function drawWorked(table, inspect, shown) {
  const columns = ["pixel", "value", "weight", "product"];
  const step = { place: 0, neighbours: 2, weights: 3, ask: 3, sum: 4 }[shown] ?? 0;
  table.hidden = step === 0;
  if (!step) return table.replaceChildren();
  const head = document.createElement("tr");
  head.append(...columns.slice(0, step).map((name) => cell("th", t(`learn.worked.${name}`))));
  const rows = inspect.taps.map(([x, y, weight, value]) => {
    const row = document.createElement("tr");
    const cells = [cell("th", `(${x}, ${y})`), swatch(value), cell("td", number(weight, 2)), cell("td", number(weight * value, 3))];
    cells[0].scope = "row";
    row.append(...cells.slice(0, step));
    return row;
  });
  table.replaceChildren(make("caption", t("learn.worked.name"), "unseen"), head, ...rows);
  if (step < 4) return;
  const total = document.createElement("tr");
  const title = Object.assign(cell("th", t("learn.worked.sum")), { colSpan: 3, scope: "row" });
  total.append(title, cell("td", number(inspect.value, 3)));
  total.className = "total";
  table.append(total);
}

function cell(tag, text) {
  return Object.assign(document.createElement(tag), { textContent: text });
}

/** A grey value next to a square of that grey: text on the square would have too little contrast for a lecture. */
function swatch(value) {
  const grey = Math.round(255 * Math.min(1, Math.max(0, value)));
  const box = cell("td", number(value, 2));
  const chip = make("span", "", "swatch");
  chip.style.background = `rgb(${grey}, ${grey}, ${grey})`;
  box.prepend(chip);
  return box;
}
