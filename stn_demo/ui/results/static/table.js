// The paper's table next to our measurements. Pressing a cell with a transformer shows its curves below.

import { number, t } from "../../shared/i18n.js";

const NAMES = { fcn: "FCN", cnn: "CNN", stfcn: "ST-FCN", stcnn: "ST-CNN" };

export function attachTable({ root, choose }) {
  const table = root.querySelector("#results-table");
  const says = root.querySelector("#results-table-says");
  const tied = root.querySelector("#results-table-ties");

  return function draw({ table: { cells, says: sentence, ties }, pairs, pair }) {
    const shown = new Set(pairs.map(({ name }) => name));
    const columns = [...new Set(cells.map(({ distortion }) => distortion))];
    const rows = grouped(cells);
    says.textContent = t(sentence.key, sentence.args);
    tied.hidden = !ties.length;
    const names = ties.map((name) => t("results.tied", { name: name.toUpperCase(), poses: t(`results.column.${name}`) }));
    tied.textContent = ties.length ? t("results.says.ties", { names: names.join(t("results.tied.and")) }) : "";
    table.replaceChildren(head(columns), make("tbody", {}, rows.map(([name, row]) => {
      const kind = row[0].network === "stcnn" ? "ours" : "";
      return make("tr", { className: kind }, [
        make("th", { scope: "row", textContent: name }),
        ...columns.map((column) => cellOf(row.find(({ distortion }) => distortion === column), shown, pair, choose)),
      ]);
    })));
  };
}

const rowOf = ({ network, transform }) => [NAMES[network], transform && t(`train.transform.${transform}`)].filter(Boolean).join(" ");

function grouped(cells) {
  const rows = new Map();
  for (const cell of cells) rows.set(rowOf(cell), [...(rows.get(rowOf(cell)) ?? []), cell]);
  return [...rows];
}

function head(columns) {
  const title = (name) => make("th", { scope: "col" }, [
    make("b", { textContent: name.toUpperCase() }),
    make("small", { textContent: t(`results.column.${name}`) }),
  ]);
  return make("thead", {}, [make("tr", {}, [make("td"), ...columns.map(title)])]);
}

function cellOf(cell, shown, pair, choose) {
  if (!cell) return make("td", { className: "empty" });
  const paper = make("small", { textContent: t("results.paper", { value: cell.paper === null ? "–" : number(cell.paper, 1) }) });
  if (cell.error === null) return make("td", { className: "missing-cell" }, [
    make("span", { ariaHidden: "true", textContent: "–" }),
    make("span", { className: "unseen", textContent: t("results.cell.none") }),
    paper,
  ]);
  const [low, high] = cell.interval;
  const verdict = cell.below === null ? "none" : cell.below ? "below" : "above";
  const words = { error: number(cell.error, 2), low: number(low, 2), high: number(high, 2) };
  const value = make(shown.has(cell.checkpoint) ? "button" : "span", { className: "value", title: about(cell, words) }, [
    make("i", { className: `mark ${verdict}`, ariaHidden: "true", textContent: { below: "▼", above: "▲", none: "" }[verdict] }),
    make("b", { textContent: cell.draws ? number(cell.draws.mean, 2) : words.error }),
    make("span", { className: "unseen", textContent: verdict === "none" ? "" : t(`results.cell.${verdict}`) }),
  ]);
  if (value.tagName === "BUTTON") {
    value.type = "button";
    value.setAttribute("aria-pressed", String(pair.name === cell.checkpoint));
    value.addEventListener("click", () => choose(cell.checkpoint));
  }
  const lines = cell.draws ? [drawsOf(cell), t("results.cell.first", words)] : [t("results.cell.interval", words)];
  if (cell.spread) lines.push(spreadOf(cell));
  const below = lines.map((textContent) => make("small", { className: "interval", textContent }));
  return make("td", { className: verdict }, [value, paper, ...below]);
}

const drawsOf = ({ draws }) =>
  t("results.cell.draws", { draws: draws.errors.length, deviation: number(draws.deviation, 2) });

const spreadOf = ({ spread, seeds }) => t("results.cell.spread", { seeds: seeds.length, mean: number(spread.mean, 2), deviation: number(spread.deviation, 2) });

function about({ checkpoint, parameters, training_seconds, machine, device }, words) {
  const lines = [t("results.cell.about", { name: checkpoint, parameters: parameters.toLocaleString("en"), ...words })];
  if (training_seconds) {
    const on = [device, machine].filter(Boolean).join(", ");
    lines.push(t("results.cell.trained", { minutes: number(training_seconds / 60, training_seconds < 600 ? 1 : 0), on }));
  }
  return lines.join("\n");
}

function make(tag, properties = {}, children = []) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}
