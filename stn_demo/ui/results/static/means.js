// The mean images of the classes: one picture from the server, ten classes across, four rows down.

import { t } from "../../shared/i18n.js";

const SIDE = 28;
const ROWS = ["mean", "variance", "mean", "variance"];

export function attachMeans({ root }) {
  const place = root.querySelector("#results-means");
  const sheet = new Image();
  let drawn = null;

  return function draw({ picture }) {
    place.replaceChildren(
      label("", ""),
      ...Array.from({ length: 10 }, (_, digit) => label(String(digit), "class")),
      ...ROWS.flatMap((row, index) => [
        label(`${t(index < 2 ? "results.before" : "results.after")}: ${t(`results.align.${row}`)}`, index < 2 ? "user" : "net"),
        ...Array.from({ length: 10 }, () => Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE })),
      ]),
    );
    if (picture === drawn) return paint();
    drawn = picture;
    sheet.onload = paint;
    sheet.src = `data:image/png;base64,${picture}`;
  };

  function paint() {
    place.querySelectorAll("canvas").forEach((canvas, index) => {
      const [x, y] = [index % 10, Math.floor(index / 10)];
      canvas.getContext("2d").drawImage(sheet, x * SIDE, y * SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE);
    });
  }
}

const label = (textContent, className) => Object.assign(document.createElement("span"), { textContent, className });
