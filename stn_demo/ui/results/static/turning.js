// The table of how closely the frame of each transformer follows the rotation of the digit, the best first.

import { number, t } from "../../shared/i18n.js";

const COLUMNS = ["slope", "agreement", "unturned", "scale", "shift", "error"];

export function attachTurning({ root, choose }) {
  const table = root.querySelector("#results-turning");
  return function draw({ turning, pairs, pair }) {
    root.querySelector("#results-turning-panel").hidden = turning.length === 0;
    const shown = new Set(pairs.map(({ name }) => name));
    const head = document.createElement("thead").appendChild(document.createElement("tr"));
    head.append(cell("th", t("results.turning.network")), ...COLUMNS.map((name) => cell("th", t(`results.turning.${name}`))));
    const body = document.createElement("tbody");
    for (const row of turning) {
      const line = body.insertRow();
      line.classList.toggle("chosen", row.name === pair.name);
      const name = cell("th", shown.has(row.name) ? "" : row.name);
      if (shown.has(row.name)) {
        const button = name.appendChild(document.createElement("button"));
        Object.assign(button, { type: "button", className: "value", textContent: row.name });
        button.setAttribute("aria-pressed", String(row.name === pair.name));
        button.addEventListener("click", () => choose(row.name));
      }
      name.scope = "row";
      line.append(name, ...written(row).map((text) => cell("td", text)));
    }
    table.replaceChildren(head.parentNode, body);
  };
}

function written(row) {
  const angle = (value) => t("unit.degrees", { value: number(value, 1) });
  return [
    number(row.slope, 2),
    `${angle(row.agreement)} / ${angle(row.agreement_90)}`,
    angle(row.unturned),
    number(row.scale, 2),
    number(row.shift, 2),
    row.error === null ? "–" : t("probs.percent", { value: number(row.error, 2) }),
  ];
}

const cell = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
