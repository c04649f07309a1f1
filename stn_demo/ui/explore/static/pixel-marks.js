/** Marks of the inspector: one pixel, the position that was read, and pixels by their weight. */

import { fromPixel, toView } from "../../shared/geometry.js";
import { INK } from "../../shared/palette.js";

/** Box of a picture's pixel on a canvas, device px: [left, top, side]. */
function cell(canvas, size, extent, x, y) {
  const [left, right] = [x - 0.5, x + 0.5].map((edge) => toView(fromPixel(edge, size), canvas.width, extent));
  return [left, toView(fromPixel(y - 0.5, size), canvas.width, extent), right - left];
}

export function markPixel(canvas, size, extent, x, y) {
  const context = canvas.getContext("2d");
  const [left, top, side] = cell(canvas, size, extent, x, y);
  const width = canvas.width / canvas.clientWidth;
  for (const [colour, line] of [["#000", 4], ["#fff", 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = line * width;
    context.strokeRect(left - width, top - width, side + 2 * width, side + 2 * width);
  }
}

/** taps: [x, y, weight, ...]. Opacity shows the weight; negative weights (bicubic) have another colour. */
export function markWeights(canvas, size, extent, taps) {
  const context = canvas.getContext("2d");
  const most = taps.reduce((max, tap) => Math.max(max, Math.abs(tap[2])), 1e-6);
  const width = canvas.width / canvas.clientWidth;
  context.lineWidth = width;
  for (const [x, y, weight] of taps) {
    const [left, top, side] = cell(canvas, size, extent, x, y);
    context.globalAlpha = 0.85 * (Math.abs(weight) / most);
    context.fillStyle = weight < 0 ? INK.user : INK.net;
    context.fillRect(left, top, side, side);
    context.globalAlpha = 1;
    context.strokeStyle = INK.halo;
    context.strokeRect(left, top, side, side);
    context.strokeStyle = INK.net;
    context.globalAlpha = 0.7;
    context.strokeRect(left + width, top + width, side - 2 * width, side - 2 * width);
    context.globalAlpha = 1;
  }
}

/** A cross at a position between input pixels. */

export function markPlace(canvas, size, place) {
  if (!place.every(Number.isFinite)) return;
  const context = canvas.getContext("2d");
  const [x, y] = place.map((value) => toView(fromPixel(value, size), canvas.width));
  const arm = (6 * canvas.width) / canvas.clientWidth;
  for (const [colour, width] of [["#000", 4], ["#fff", 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = (width * canvas.width) / canvas.clientWidth;
    context.beginPath();
    context.moveTo(x - arm, y);
    context.lineTo(x + arm, y);
    context.moveTo(x, y - arm);
    context.lineTo(x, y + arm);
    context.stroke();
  }
}
