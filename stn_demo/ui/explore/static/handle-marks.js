/** Draws handles, with a dark halo under every line, so that they are visible on white ink. */

import { INK } from "../../shared/palette.js";

/** thick: factor of all widths, more than 1 in a lecture. */
export function drawLine(context, points, colour, thick, dash = [], closed = false) {
  context.beginPath();
  points.forEach(([x, y]) => context.lineTo(x, y));
  if (closed) context.closePath();
  context.lineWidth = 3 * thick;
  context.strokeStyle = INK.halo;
  context.stroke();
  context.setLineDash(dash);
  context.lineWidth = 1.5 * thick;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
}

/** The circle on which the knob moves around the centre. */
export function drawRing(context, centre, knob, colour) {
  context.beginPath();
  context.arc(...centre, Math.hypot(knob[0] - centre[0], knob[1] - centre[1]), 0, 2 * Math.PI);
  context.setLineDash([2, 5]);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.stroke();
  context.setLineDash([]);
}

/** Squares: resize. Discs: rotate, or a single point. */
export function drawHandle(context, { kind, at: [x, y] }, colour, hot, thick) {
  const r = (hot ? 7 : 5.5) * thick;
  context.beginPath();
  if (kind === "corner") context.rect(x - r + 1, y - r + 1, 2 * r - 2, 2 * r - 2);
  else context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = hot ? "#fff" : colour;
  context.strokeStyle = INK.halo;
  context.lineWidth = 2;
  context.fill();
  context.stroke();
}
