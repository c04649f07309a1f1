/** Strokes of the pen, as points in pad units (0..1000 a side, x right, y down).
 *
 * A stroke is {w: width, e: 1 for the eraser else 0, p: [x, y, x, y, ...]}; a drawing is a list of strokes in
 * the order in which they were made. Python renders them for the network (data/ink.py); the painting here is
 * only a preview.
 */

import { sideOf, toWords } from "../../shared/frame.js";

export const PAD = 1000;
export const MOST_POINTS = 4000;
export const MOST_STROKES = 500;
const SPACING = 4; // closer points are dropped

export const pointCount = (strokes) => strokes.reduce((sum, stroke) => sum + stroke.p.length / 2, 0);

/** Appends (x, y) unless it is too close to the last point; returns whether it did. */
export function append(stroke, x, y) {
  const p = stroke.p;
  const [qx, qy] = [Math.round(x), Math.round(y)];
  if (p.length && Math.hypot(qx - p[p.length - 2], qy - p[p.length - 1]) < SPACING) return false;
  p.push(qx, qy);
  return true;
}

/** Paints strokes, or the last part of one (from point `first` on), on a square of `size` px. */
export function paint(context, strokes, size, first = 0) {
  context.lineCap = context.lineJoin = "round";
  for (const { w, e, p } of strokes) {
    context.strokeStyle = e ? "#000" : "#fff";
    context.lineWidth = (w * size) / PAD;
    context.beginPath();
    const start = Math.max(0, Math.min(2 * first, p.length - 2));
    context.moveTo((p[start] * size) / PAD, (p[start + 1] * size) / PAD);
    // A dot is a line of length zero, which a round cap makes visible.
    if (start + 2 >= p.length) context.lineTo((p[start] * size) / PAD, (p[start + 1] * size) / PAD);
    for (let i = start + 2; i < p.length; i += 2) context.lineTo((p[i] * size) / PAD, (p[i + 1] * size) / PAD);
    context.stroke();
  }
}

/** Fewer points with the same shape: Douglas and Peucker 1973, no point moves by more than `tolerance`. */
export function coarsen(strokes, tolerance) {
  return strokes.map((stroke) => ({ ...stroke, p: simplified(stroke.p, tolerance) }));
}

function simplified(p, tolerance) {
  const last = p.length / 2 - 1;
  if (last < 2) return p;
  const kept = new Uint8Array(last + 1);
  kept[0] = kept[last] = 1;
  const ranges = [[0, last]];
  while (ranges.length) {
    const [from, to] = ranges.pop();
    let farthest = -1, distance = tolerance;
    for (let i = from + 1; i < to; i++) {
      const d = segmentDistance(p[2 * i], p[2 * i + 1], p[2 * from], p[2 * from + 1], p[2 * to], p[2 * to + 1]);
      if (d > distance) [farthest, distance] = [i, d];
    }
    if (farthest < 0) continue;
    kept[farthest] = 1;
    ranges.push([from, farthest], [farthest, to]);
  }
  return p.filter((_, i) => kept[i >> 1]);
}

function segmentDistance(x, y, x0, y0, x1, y1) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

let tile; // one canvas, reused: digits are painted often
/** Paints a digit (784 bytes, or a colour picture's three planes) on a square of `size` px, its pixels visible. */
export function paintDigit(context, bytes, size) {
  tile ??= document.createElement("canvas");
  const side = sideOf(bytes);
  if (tile.width !== side) tile.width = tile.height = side;
  const pen = tile.getContext("2d");
  const image = pen.createImageData(side, side);
  toWords(bytes, new Uint32Array(image.data.buffer));
  pen.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(tile, 0, 0, size, size);
}

/** Erases a digit's pixels from (x0, y0) to (x1, y1), in place, with a round eraser whose edge is one pixel soft. */
export function rub(bytes, x0, y0, x1, y1, width) {
  const side = sideOf(bytes);
  const unit = PAD / side;
  for (let i = 0; i < bytes.length; i++) {
    const [x, y] = [((i % side) + 0.5) * unit, ((Math.floor(i / side) % side) + 0.5) * unit]; // of each plane in turn
    const reach = (width / 2 - segmentDistance(x, y, x0, y0, x1, y1)) / unit + 0.5;
    if (reach > 0) bytes[i] = Math.round(bytes[i] * Math.max(0, 1 - reach));
  }
}
