/** Drawing with the keyboard: arrow keys move a pen, space puts it down and lifts it. Control Z and Y undo and redo. */

import { t } from "../../shared/i18n.js";
import { PAD } from "./strokes.js";

const STEP = { coarse: 25, fine: 8 }; // pad units that an arrow key moves the pen
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = "keys"; // pointer id of the keyboard

export function attachPadKeys(root, canvas, store, { edit, view, pen, history }) {
  const spoken = Object.assign(document.createElement("span"), { className: "unseen", role: "status" });
  const help = Object.assign(document.createElement("span"), { className: "unseen", id: "pad-keys" });
  canvas.after(spoken, help);
  canvas.setAttribute("aria-describedby", help.id);

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (!arrow && event.key !== " " && event.key !== "Escape") return;
    if (edit.pointer() !== null && edit.pointer() !== KEYS) return;
    event.preventDefault();
    pen.cursor ??= { x: PAD / 2, y: PAD / 2 };
    if (arrow) move(arrow, event.shiftKey ? STEP.fine : STEP.coarse);
    else if (edit.pointer() === KEYS) edit.finish();
    else if (event.key === " ") edit.begin(pen.cursor.x, pen.cursor.y, KEYS, pen.erasing);
    else pen.cursor = null;
    if (!arrow) spoken.textContent = t(edit.pointer() === KEYS ? "pad.down" : "pad.up");
    view.repaint();
  });

  function move([dx, dy], step) {
    const limited = (value) => Math.min(PAD, Math.max(0, value));
    pen.cursor.x = limited(pen.cursor.x + step * dx);
    pen.cursor.y = limited(pen.cursor.y + step * dy);
    if (edit.pointer() === KEYS) edit.draw([[pen.cursor.x, pen.cursor.y]]);
  }

  canvas.addEventListener("blur", () => {
    if (edit.pointer() === KEYS) edit.finish();
    pen.cursor = null;
    view.repaint();
  });
  root.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.closest("input[type=text], textarea")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) history.redo();
    else history.undo();
  });
  const words = () => {
    help.textContent = t("pad.keys");
    spoken.textContent = "";
  };
  store.on("lang", words);
  words();
}
