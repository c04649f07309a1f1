/** A box on a picture, [left, top, right, bottom] as fractions of its width and height, and the ways to move and resize it. */

export const SMALLEST = 0.02; // of the picture's side

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** The box moved by (dx, dy), kept inside the picture. */
export function moved([left, top, right, bottom], dx, dy) {
  const x = clamp(dx, -left, 1 - right);
  const y = clamp(dy, -top, 1 - bottom);
  return [left + x, top + y, right + x, bottom + y];
}

/** The box with one or two edges moved by (dx, dy); edges: some of the letters n, e, s, w. */
export function resized([left, top, right, bottom], edges, dx, dy) {
  return [
    edges.includes("w") ? clamp(left + dx, 0, right - SMALLEST) : left,
    edges.includes("n") ? clamp(top + dy, 0, bottom - SMALLEST) : top,
    edges.includes("e") ? clamp(right + dx, left + SMALLEST, 1) : right,
    edges.includes("s") ? clamp(bottom + dy, top + SMALLEST, 1) : bottom,
  ];
}

/** The box with all four edges moved outward by `by` (inward if negative). */
export const grown = (box, by) => resized(resized(box, "nw", -by, -by), "es", by, by);

/** The box between two points, at least SMALLEST wide and high; null if the points are too close for a box. */
export function between([x0, y0], [x1, y1]) {
  const [a, b, c, d] = [x0, y0, x1, y1].map((value) => clamp(value, 0, 1));
  if (Math.abs(a - c) < SMALLEST || Math.abs(b - d) < SMALLEST) return null;
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}
