// The network's answer in numbers: theta as a matrix, and what was applied, undone and left over.

import { number, onLanguage, t } from "../../shared/i18n.js";
import { put, textIn, write } from "../../shared/node.js";
import { createCell, createFixed } from "./theta-cells.js";
import { matrixOf, thetaWith } from "./theta-matrix.js";
import { createPoints } from "./theta-points.js";

/** Rows of the table: part, decimals, unit key, and the value of the identity. */
const PARTS = [
  ["rotation", 0, "unit.degrees", true],
  ["scale_x", 2, "unit.factor", false],
  ["scale_y", 2, "unit.factor", false],
  ["shear", 2, "unit.none", true],
  ["shift_x", 1, "unit.none", true],
  ["shift_y", 1, "unit.none", true],
];
const COLUMNS = ["applied", "followed", "left"];

/** -> {draw(frame)}; the nodes are created once and updated afterwards. */
export function createTheta(root, store) {
  const matrix = createMatrix(root, store);
  const cells = createTable(root.querySelector("#parts tbody"));
  const answer = root.querySelector("#theta-answer");
  const none = root.querySelector("#no-transformer");
  const undoneTitle = root.querySelector("#parts th.nets");
  return {
    draw(frame) {
      const plain = frame.transform === null;
      put(answer, "hidden", plain);
      put(none, "hidden", !plain);
      matrix(frame);
      if (plain) return;
      for (const [part, decimals, unit, signed] of PARTS) {
        for (const column of COLUMNS) {
          const value = frame[column]?.[part];
          write(cells[part][column], value == null ? "–" : t(unit, { value: number(value, decimals, signed) }));
        }
      }
      undoneTitle.classList.toggle("overruled", frame.overruled);
    },
  };
}

function createTable(body) {
  const cells = {};
  for (const [part] of PARTS) {
    const row = body.insertRow();
    const title = document.createElement("th");
    title.scope = "row";
    title.dataset.i18n = `parts.${part}`;
    title.textContent = t(title.dataset.i18n);
    row.append(title);
    cells[part] = {};
    for (const column of COLUMNS) {
      const cell = row.insertCell();
      cell.className = column;
      const box = cell.appendChild(document.createElement("span"));
      box.className = "number";
      cells[part][column] = textIn(box);
    }
  }
  return cells;
}

/** Fills #theta; rebuilt only when the kind of transform changes. */
function createMatrix(root, store) {
  const element = root.querySelector("#theta");
  const toast = (message) => store.emit("toast", message);
  const grab = (theta) => store.set({ grab: { theta } });
  let kind = null;
  let cells = [];
  let points = null;
  explainBelow(root, element);
  return ({ theta, transform, overruled }) => {
    const now = `${transform} ${theta.length}`;
    if (now !== kind) {
      kind = now;
      points = transform === "tps" ? createPoints({ change: grab, toast }) : null;
      cells = transform === null || points ? [] : matrixOf(theta, transform).says.map((says, index) => says === null
        ? createFixed()
        : createCell({
          says: `theta.says.${says}`, toast,
          change: (value) => grab(thetaWith(store.frame.theta, transform, index, value)),
        }));
      element.classList.toggle("points", points !== null);
      element.replaceChildren(...(points?.elements ?? cells.map((cell) => cell.element)));
    }
    if (transform === null) return;
    element.classList.toggle("overruled", Boolean(overruled));
    if (points) return points.draw(theta);
    matrixOf(theta, transform).cells.forEach((value, index) => cells[index].write(value, 3));
  };
}

/** While a number is pointed at or has the focus, a note below the matrix explains it. */
function explainBelow(root, element) {
  const says = root.querySelector("#theta-says");
  let shown = null;
  const show = (cell) => {
    shown = cell;
    says.textContent = cell ? t(cell.dataset.i18nHelp) : "";
    says.hidden = !cell;
  };
  for (const name of ["pointerover", "focusin"]) {
    element.addEventListener(name, ({ target }) => show(target.closest("[data-i18n-help]")));
  }
  for (const name of ["pointerleave", "focusout"]) element.addEventListener(name, () => show(null));
  onLanguage(() => show(shown));
}
