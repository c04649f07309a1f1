/** Draws the pad: the digit, the hint on an empty pad, and the keyboard's pen. */

import { fromBase64 } from "../../shared/frame.js";
import { fit } from "../../shared/geometry.js";
import { PAD, paint, paintDigit } from "./strokes.js";

export const bytesOf = (source) => new Uint8Array(fromBase64(source.digit));

/** pen: see pad.js. -> {repaint(), clear(), add(stroke, first), hideHint(), penDown: set by the editor} */
export function createPadView(root, canvas, store, pen) {
  const context = canvas.getContext("2d");
  const hint = root.querySelector("#pad-hint");
  const view = {
    penDown: false,
    repaint() {
      const side = fit(canvas);
      const { source } = store.get();
      view.clear();
      if (source.kind === "digit") paintDigit(context, bytesOf(source), side);
      else paint(context, source.strokes, side);
      hint.hidden = source.kind === "digit" || source.strokes.length > 0;
      if (pen.cursor) paintCursor(context, pen, side, view.penDown);
    },
    clear() {
      context.fillStyle = "#000";
      context.fillRect(0, 0, canvas.width, canvas.height);
    },
    /** Paint the newest part of a stroke, from point `first` on. */
    add: (stroke, first) => paint(context, [stroke], canvas.width, first),
    hideHint() {
      hint.hidden = true;
    },
  };
  new ResizeObserver(view.repaint).observe(canvas);
  return view;
}

function paintCursor(context, pen, side, down) {
  const [x, y] = [(pen.cursor.x * side) / PAD, (pen.cursor.y * side) / PAD];
  context.lineWidth = Math.max(1.5, side / 140);
  context.strokeStyle = down ? "#ffb000" : "#7fb4ff";
  context.beginPath();
  context.arc(x, y, Math.max(4, (pen.width() * side) / PAD / 2), 0, 2 * Math.PI);
  context.moveTo(x - side / 28, y);
  context.lineTo(x + side / 28, y);
  context.moveTo(x, y - side / 28);
  context.lineTo(x, y + side / 28);
  context.stroke();
}
