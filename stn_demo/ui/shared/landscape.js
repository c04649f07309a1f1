// The map of the loss: rotation from left to right, scale from bottom to top, bright where the right digit is probable.

import { fit } from "./geometry.js";
import { INK } from "./palette.js";

const DEEPEST = 6; // nats: at a loss of 6 the right digit has a probability of 0.25 %; higher losses look the same
const LOW = [214, 240, 255], HIGH = [9, 22, 36]; // colours of a loss of 0 and of DEEPEST

/**
 * canvas: square. -> {draw(map | null, frame, path), placeOf(event, map)}; path: [{rotation, scale}], the path of the descent.
 */
export function createLandscape(canvas) {
  const picture = document.createElement("canvas");
  const context = picture.getContext("2d");
  let shown = null;

  function paint(map) {
    const [columns, rows] = [map.rotations.length, map.scales.length];
    [picture.width, picture.height] = [columns, rows];
    const image = context.createImageData(columns, rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const loss = map.loss[(rows - 1 - row) * columns + column] / 1000; // large scales above
        const share = Math.min(1, Math.sqrt(loss / DEEPEST));
        LOW.forEach((low, i) => {
          image.data[4 * (row * columns + column) + i] = low + (HIGH[i] - low) * share;
        });
        image.data[4 * (row * columns + column) + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    shown = map;
  }

  /** The position of a rotation and a scale on a view of `side` px; points outside the map are drawn at its edge. */
  function place(map, { rotation, scale }, side) {
    const cell = side / map.rotations.length;
    const within = (share) => cell / 2 + Math.min(1, Math.max(0, share)) * (side - cell);
    const [left, right] = [map.rotations[0], map.rotations.at(-1)];
    const [low, high] = [Math.log(map.scales[0]), Math.log(map.scales.at(-1))];
    return [
      within((rotation - left) / (right - left)),
      side - within((Math.log(Math.max(scale, 1e-3)) - low) / (high - low)),
    ];
  }

  function drawPath(ctx, map, path, side, ratio) {
    ctx.beginPath();
    let last = null;
    for (const point of path) {
      const [x, y] = place(map, point, side);
      if (last === null || Math.abs(x - last) > side / 2) ctx.moveTo(x, y); // across the seam at 180 degrees
      else ctx.lineTo(x, y);
      last = x;
    }
    for (const [colour, width] of [[INK.halo, 4], [INK.user, 2]]) {
      ctx.strokeStyle = colour;
      ctx.lineWidth = width * ratio;
      ctx.stroke();
    }
  }

  return {
    draw(map, frame, path = []) {
      const side = fit(canvas);
      const ratio = globalThis.devicePixelRatio || 1;
      const ctx = canvas.getContext("2d");
      if (!map) return ctx.clearRect(0, 0, side, side);
      if (map !== shown) paint(map);
      ctx.imageSmoothingEnabled = true;
      ctx.drawImage(picture, 0, 0, side, side);
      if (path.length > 1) drawPath(ctx, map, path, side, ratio);
      const here = frame?.undone ? { rotation: frame.undone.rotation, scale: frame.undone.scale_x } : map;
      const [x, y] = place(map, here, side);
      ctx.beginPath();
      ctx.arc(x, y, 6 * ratio, 0, 2 * Math.PI);
      ctx.fillStyle = frame?.overruled ? INK.user : INK.net;
      ctx.strokeStyle = INK.halo;
      ctx.lineWidth = 2.5 * ratio;
      ctx.fill();
      ctx.stroke();
    },
    /** The rotation and scale under a pointer. */
    placeOf(event, map) {
      const box = canvas.getBoundingClientRect();
      const share = (value, start, length, count) =>
        Math.min(1, Math.max(0, (value - start - length / count / 2) / (length - length / count)));
      const x = share(event.clientX, box.left, box.width, map.rotations.length);
      const y = 1 - share(event.clientY, box.top, box.height, map.scales.length);
      const between = (values, s) => values[0] + (values.at(-1) - values[0]) * s;
      return {
        rotation: between(map.rotations, x),
        scale: Math.exp(between([map.scales[0], map.scales.at(-1)].map(Math.log), y)),
      };
    },
  };
}
