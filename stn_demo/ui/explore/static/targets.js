/** What the handles can move: the pose of the digit, or the region that the network reads.
 *
 * A target is a snapshot: {who, centre, box, points, turns, moved(gesture), movedPoint(index, point)}. Lengths are
 * frame pixels from the middle of the picture, y down. `box` is what is drawn around it (corners top left, top right,
 * bottom right, bottom left), `points` those that can be taken one by one (or null). `moved` and `movedPoint` give the
 * patch of the store's state; the next frame shows the result.
 */

import { farthestCorner, farthestShift } from "../../shared/geometry.js";
import { apply, degrees, middle, wrapped } from "./gesture.js";

const SQUARE = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
const INK = 10 / 28; // of a digit's side: from its middle to the sides of the box that its ink fills, 20 of 28 px
const LIMITS = { scale: [0.3, 2], regionScale: [0.02, 20], regionShift: 100, point: 6 };

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
const rounded = (value, decimals) => Number(value.toFixed(decimals));

/** The user's pose of a digit of `side` px. `perspective` offers the frame's corners as points. */
export function poseTarget(pose, size, perspective, side = 28) {
  const half = size / 2;
  const [shift, corner] = [farthestShift(size), farthestCorner(size)];
  const bend = perspectiveOf(pose.corners, half);
  const radians = (pose.rotation * Math.PI) / 180;
  const place = { from: [0, 0], to: [pose.shift_x, pose.shift_y], scale: pose.scale, turn: radians };
  return {
    who: "user",
    turns: true,
    centre: bend(place.to),
    box: SQUARE.map(([x, y]) => bend(apply(place, [INK * side * (x + pose.shear * y), INK * side * y]))),
    points: perspective ? pose.corners.map(([x, y], i) => [x + SQUARE[i][0] * half, y + SQUARE[i][1] * half]) : null,
    moved(gesture) {
      const scale = clamp(pose.scale * gesture.scale, ...LIMITS.scale);
      const limited = { ...gesture, scale: scale / pose.scale };
      const to = apply(limited, place.to).map((value) => rounded(clamp(value, -shift, shift), 2));
      const rotation = rounded(wrapped(pose.rotation + degrees(gesture.turn)), 1);
      return { pose: { rotation, scale: rounded(scale, 3), shift_x: to[0], shift_y: to[1] } };
    },
    movedPoint(index, point) {
      const offset = [0, 1].map((axis) => point[axis] - SQUARE[index][axis] * half);
      const limited = offset.map((value) => rounded(clamp(value, -corner, corner), 2));
      return { pose: { corners: pose.corners.map((corner, i) => (i === index ? limited : corner)) } };
    },
  };
}

/** Where the network reads, as the last frame says; null if there is nothing to move. */
export function regionTarget(header) {
  if (!header?.transform) return null;
  const half = header.size / 2;
  const box = header.corners.map((corner) => scaled(corner, half));
  if (header.transform === "tps") {
    const points = [];
    for (let i = 0; i < header.theta.length; i += 2) points.push(scaled(header.theta.slice(i, i + 2), half));
    return pointsTarget(points, box, half, (moved) => ({ theta: moved.flat() }));
  }
  if (header.transform === "projective") return pointsTarget(box, box, half, (moved) => ({ corners: moved }));
  return partsTarget(header.undone, box, header.transform !== "attention");
}

function partsTarget(parts, box, turns) {
  const centre = [parts.shift_x, parts.shift_y];
  return {
    who: "network",
    turns,
    centre,
    box,
    points: null,
    moved(gesture) {
      const size = Math.max(Math.abs(parts.scale_x), 1e-3);
      const factor = clamp(size * gesture.scale, ...LIMITS.regionScale) / size;
      const limited = { ...gesture, scale: factor, turn: turns ? gesture.turn : 0 };
      const to = apply(limited, centre).map((value) => clamp(value, -LIMITS.regionShift, LIMITS.regionShift));
      const moved = {
        rotation: rounded(wrapped(parts.rotation + degrees(limited.turn)), 2),
        scale_x: rounded(parts.scale_x * factor, 4),
        scale_y: rounded(parts.scale_y * factor, 4),
        shear: rounded(parts.shear, 4),
        shift_x: rounded(to[0], 3),
        shift_y: rounded(to[1], 3),
      };
      return { grab: { parts: moved } };
    },
    movedPoint: () => ({}),
  };
}

function pointsTarget(points, box, half, written) {
  const patch = (moved) => ({
    grab: written(moved.map((point) => point.map((v) => rounded(clamp(v / half, -LIMITS.point, LIMITS.point), 4)))),
  });
  return {
    who: "network",
    turns: true,
    centre: middle(...points),
    box,
    points,
    moved: (gesture) => patch(points.map((point) => apply(gesture, point))),
    movedPoint: (index, point) => patch(points.map((other, i) => (i === index ? point : other))),
  };
}

const scaled = (point, factor) => point.map((value) => value * factor);

/** Where a point of the picture goes when its corners are moved: Heckbert 1989, section 2.2.3, as in data/pose.py. */
function perspectiveOf(offsets, half) {
  if (!offsets.some(([x, y]) => x || y)) return (point) => point;
  const [p0, p1, p2, p3] = offsets.map(([x, y], i) => [x + SQUARE[i][0] * half, y + SQUARE[i][1] * half]);
  const [ax, ay, bx, by] = [p1[0] - p2[0], p1[1] - p2[1], p3[0] - p2[0], p3[1] - p2[1]];
  const [cx, cy] = [p0[0] - p1[0] + p2[0] - p3[0], p0[1] - p1[1] + p2[1] - p3[1]];
  const area = ax * by - bx * ay || 1e-6;
  const [g, h] = [(cx * by - bx * cy) / area, (ax * cy - cx * ay) / area];
  return ([x, y]) => {
    const [u, v] = [x / (2 * half) + 0.5, y / (2 * half) + 0.5];
    const depth = g * u + h * v + 1;
    return [0, 1].map((i) => ((p1[i] - p0[i] + g * p1[i]) * u + (p3[i] - p0[i] + h * p3[i]) * v + p0[i]) / depth);
  };
}
