/** Theta as a matrix, as in the paper: the position of each number, and theta after a change of one of them. */

const SHIFT = { 2: "right", 5: "down" };
const AFFINE = ["across", "slide", "right", "slide.down", "upright", "down"];
const PROJECTIVE = [...AFFINE, "perspective.right", "perspective.down"];
const SIMILARITY = ["cosine", "sine", "right", "sine", "cosine", "down"];

/** -> {cells: the numbers, row by row; three columns. says: for each the key of its explanation, null for one that is fixed} */
export function matrixOf(theta, transform) {
  if (transform === "attention") {
    const [scale, x, y] = theta;
    return { cells: [scale, 0, x, 0, scale, y], says: ["zoom", null, "right", null, "zoom", "down"] };
  }
  if (transform === "similarity") {
    const { cos, sin, x, y } = turned(theta);
    return { cells: [cos, -sin, x, sin, cos, y], says: SIMILARITY };
  }
  if (transform === "projective") return { cells: [...theta, 1], says: [...PROJECTIVE, null] };
  return { cells: theta, says: AFFINE };
}

/** Theta as rows of numbers: the matrix, or for the spline two control points (x, y) per row.
 *  -> {columns, cells, fixed: the indices of numbers that this kind of transform does not change} */
export function layout(theta, transform) {
  if (transform === "tps") return { columns: 4, cells: theta, fixed: new Set() };
  const { cells, says } = matrixOf(theta, transform);
  return { columns: 3, cells, fixed: new Set(says.flatMap((key, place) => (key === null ? [place] : []))) };
}

/** The theta whose matrix has `value` at `index`, with the other numbers as close to `theta` as the transform allows. */
export function thetaWith(theta, transform, index, value) {
  if (transform === "attention") {
    const place = SHIFT[index] ? (index === 2 ? 1 : 2) : 0;
    return theta.with(place, value);
  }
  if (transform === "similarity") {
    if (SHIFT[index]) return theta.with(index === 2 ? 2 : 3, value);
    let { cos, sin } = turned(theta);
    if (index === 0 || index === 4) cos = value;
    else sin = index === 3 ? value : -value;
    return [Math.hypot(cos, sin), Math.atan2(sin, cos), theta[2], theta[3]];
  }
  return theta.with(index, value);
}

const turned = ([scale, angle, x, y]) => ({ cos: scale * Math.cos(angle), sin: scale * Math.sin(angle), x, y });
