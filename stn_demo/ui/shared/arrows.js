// The negative gradient of the loss with respect to each grid point, as arrows on the posed picture.

import { ARROW_UNIT, GRID_UNIT } from "./frame.js";
import { EXTENT } from "./geometry.js";
import { INK } from "./palette.js";

const LONGEST = 0.22; // length of the longest arrow, as a fraction of half the picture
const FAINT = 0.02; // fraction of the longest arrow; shorter ones are left out

/** frame: with `arrows` and `gradient`. step: every step-th row and column of the grid. */
export function drawArrows(context, frame, step, side, ratio) {
  if (!frame.arrows || !frame.gradient?.longest) return;
  const [unit, middle] = [side / (2 * EXTENT), side / 2];
  const shafts = new Path2D();
  for (let row = step >> 1; row < frame.output; row += step) {
    for (let column = step >> 1; column < frame.output; column += step) {
      const i = 2 * (row * frame.output + column);
      const [dx, dy] = [frame.arrows[i] / ARROW_UNIT, frame.arrows[i + 1] / ARROW_UNIT];
      const length = Math.hypot(dx, dy);
      if (length < FAINT) continue;
      const [x, y] = [(frame.grid[i] / GRID_UNIT) * unit + middle, (frame.grid[i + 1] / GRID_UNIT) * unit + middle];
      arrow(shafts, x, y, dx * LONGEST * unit, dy * LONGEST * unit, ratio);
    }
  }
  context.lineCap = context.lineJoin = "round";
  for (const [colour, width] of [[INK.halo, 3.6], [INK.push, 1.5]]) {
    context.strokeStyle = colour;
    context.lineWidth = width * ratio;
    context.stroke(shafts);
  }
}

function arrow(path, x, y, dx, dy, ratio) {
  const head = Math.min(4 * ratio, Math.hypot(dx, dy) * 0.6);
  const angle = Math.atan2(dy, dx);
  path.moveTo(x, y);
  path.lineTo(x + dx, y + dy);
  for (const turn of [2.6, -2.6]) {
    path.moveTo(x + dx, y + dy);
    path.lineTo(x + dx + head * Math.cos(angle + turn), y + dy + head * Math.sin(angle + turn));
  }
}
