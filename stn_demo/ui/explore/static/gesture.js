/** Gestures of one or two fingers as a similarity of the plane: p -> to + scale * R(turn) (p - from).
 *
 * Points are [x, y] with y down, turn is in radians, clockwise on the screen. Dragging, pulling a corner, turning the
 * ring, pinching, the wheel and the arrow keys are all similarities, so a target only has to follow a similarity.
 */

export const REST = { from: [0, 0], to: [0, 0], scale: 1, turn: 0 };

export const shift = (from, to) => ({ ...REST, from, to });
export const scaleAbout = (centre, scale) => ({ from: centre, to: centre, scale, turn: 0 });
export const turnAbout = (centre, turn) => ({ from: centre, to: centre, scale: 1, turn });

/** The similarity that moves two fingers from `a0`, `b0` to `a1`, `b1`. */
export function pinch(a0, b0, a1, b1) {
  const [u, v] = [minus(b0, a0), minus(b1, a1)];
  const grown = Math.hypot(...v) / Math.max(Math.hypot(...u), 1e-3);
  return { from: middle(a0, b0), to: middle(a1, b1), scale: grown, turn: angleBetween(u, v) };
}

/** Pulling a corner: scales by the ratio of the pointer's distances from the centre. */
export function pull(centre, p0, p1) {
  const [before, after] = [Math.hypot(...minus(p0, centre)), Math.hypot(...minus(p1, centre))];
  return scaleAbout(centre, Math.max(after, 0.05) / Math.max(before, 1));
}

export const twist = (centre, p0, p1) => turnAbout(centre, angleBetween(minus(p0, centre), minus(p1, centre)));

export function apply({ from, to, scale, turn }, point) {
  const [dx, dy] = minus(point, from);
  const [cos, sin] = [scale * Math.cos(turn), scale * Math.sin(turn)];
  return [to[0] + cos * dx - sin * dy, to[1] + sin * dx + cos * dy];
}

/** Whether a point lies in a polygon: the parity of the edges that a ray to the right of it crosses. */
export function contains(polygon, [x, y]) {
  return polygon.reduce((inside, [x1, y1], i) => {
    const [x0, y0] = polygon.at(i - 1);
    return y0 > y !== y1 > y && x < ((x0 - x1) * (y - y1)) / (y0 - y1) + x1 ? !inside : inside;
  }, false);
}

export const minus = (a, b) => [a[0] - b[0], a[1] - b[1]];
export const middle = (...points) => [0, 1].map((axis) => points.reduce((sum, p) => sum + p[axis], 0) / points.length);
export const degrees = (radians) => (radians * 180) / Math.PI;
/** Degrees into -180..180. */
export const wrapped = (angle) => ((((angle + 180) % 360) + 360) % 360) - 180;

function angleBetween(u, v) {
  return Math.atan2(u[0] * v[1] - u[1] * v[0], u[0] * v[0] + u[1] * v[1]);
}
