// The network's answer in numbers: theta as a matrix, and what was applied, undone and left over.

import { number, t } from "../../shared/i18n.js";
import { put, textIn, write } from "../../shared/node.js";

/** Rows of the table: part, decimals, unit key, and what stands for "nothing done". */
const PARTS = [
  ["rotation", 0, "unit.degrees", true],
  ["scale_x", 2, "unit.factor", false],
  ["scale_y", 2, "unit.factor", false],
  ["shear", 2, "unit.none", true],
  ["shift_x", 1, "unit.none", true],
  ["shift_y", 1, "unit.none", true],
];
const COLUMNS = ["applied", "followed", "left"];

/** -> {draw(frame)}; the nodes are made once and only changed afterwards. */
export function createTheta(root) {
  const matrix = createMatrix(root.querySelector("#theta"));
  const cells = createTable(root.querySelector("#parts tbody"));
  const answer = root.querySelector("#theta-answer");
  const none = root.querySelector("#no-transformer");
  const undoneTitle = root.querySelector("#parts th.nets");
  return {
    draw(frame) {
      const plain = frame.transform === null;
      put(answer, "hidden", plain);
      put(none, "hidden", !plain);
      if (plain) {
        matrix([], null);
        return;
      }
      matrix(frame.theta, frame.transform);
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

/** theta as the paper writes it: a matrix where there is one, two control points (x, y) a row for the spline. */
export function layout(theta, transform) {
  if (transform === "attention") {
    const [scale, x, y] = theta;
    return { columns: 3, cells: [scale, 0, x, 0, scale, y], fixed: new Set([1, 3]) };
  }
  if (transform === "similarity") {
    const [scale, angle, x, y] = theta;
    const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
    return { columns: 3, cells: [cos, -sin, x, sin, cos, y], fixed: new Set() };
  }
  if (transform === "projective") return { columns: 3, cells: [...theta, 1], fixed: new Set([8]) };
  if (transform === "tps") return { columns: 4, cells: theta, fixed: new Set() };
  return { columns: 3, cells: theta, fixed: new Set() };
}

/** Fills #theta; rebuilt only when the kind of transform changes. */
function createMatrix(element) {
  let kind = null;
  let nodes = [];
  return (theta, transform) => {
    if (transform === null) {
      element.replaceChildren();
      kind = null;
      return;
    }
    const { columns, cells, fixed } = layout(theta, transform);
    const now = `${transform} ${cells.length}`;
    if (now !== kind) {
      kind = now;
      element.style.setProperty("--columns", columns);
      element.classList.toggle("many", columns > 3);
      nodes = cells.map((_, index) => {
        const cell = document.createElement("span");
        cell.classList.toggle("fixed", fixed.has(index));
        const box = cell.appendChild(document.createElement("span"));
        box.className = "number";
        const node = textIn(box);
        cell.append(" "); // keeps the numbers apart where the text is read as one
        return node;
      });
      element.replaceChildren(...nodes.map((node) => node.parentNode.parentNode));
    }
    cells.forEach((value, index) => {
      write(nodes[index], number(value, columns > 3 ? 2 : 3));
    });
  };
}
