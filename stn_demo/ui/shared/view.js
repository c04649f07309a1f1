// The two big pictures: the posed input with grid, region and read density over it, and the warped output.

import { EXTENT, fit, toView } from "./geometry.js";
import { GRID_UNIT, sideOf, toWords } from "./frame.js";
import { INK } from "./palette.js";
import { drawArrows } from "./arrows.js";

const FADED = 0.35; // opacity of the first look's frame; the last one is opaque
const OPAQUE = { alpha: false }; // opaque, so the browser need not blend

/** A small picture on an off-screen canvas, which the browser scales up without smoothing. */
export function createPicture() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  let image = null;
  let words = null; // the same pixels, one 32-bit word each
  return {
    canvas,
    /** values: Uint8Array, side * side, or three planes as in frame.js; fill(values, words): as toWords there */
    set(values, side, fill = toWords) {
      if (canvas.width !== side || !image) {
        canvas.width = canvas.height = side;
        image = context.createImageData(side, side);
        words = new Uint32Array(image.data.buffer);
      }
      fill(values, words);
      context.putImageData(image, 0, 0);
    },
  };
}

/** In the colour of INK.net; opacity shows the read density. */
function glow(values, words) {
  for (let i = 0; i < values.length; i++) words[i] = (((values[i] * 0.55) << 24) | 0xffc44c) >>> 0;
}

/** Draws frames into #view-digit's neighbour, #view-input and #view-warped. -> {draw(frame, layers)} */
export const createView = (root) => createViews({
  input: root.querySelector("#view-input"),
  warped: root.querySelector("#view-warped"),
  model: root.querySelector("#view-model-digit"),
});

/** The same for given canvases; without `model` the digit itself is not drawn. */
export function createViews({ input, warped, model = null }) {
  let shown = null; // the digit in the small picture, which a pose does not change
  const names = ["input", "warped", "digit", "density"];
  const pictures = Object.fromEntries(names.map((name) => [name, createPicture()]));
  return {
    draw(frame, layers) {
      pictures.input.set(frame.input, frame.size);
      pictures.warped.set(frame.warped, frame.output);
      if (layers.density && frame.density) pictures.density.set(frame.density, frame.size, glow);
      drawInput(input, frame, layers, pictures);
      stretch(warped, pictures.warped.canvas);
      if (!model) return;
      if (fit(model) !== shown?.side || frame.digit.some((value, i) => value !== shown.digit[i])) {
        pictures.digit.set(frame.digit, sideOf(frame.digit));
        shown = { digit: frame.digit, side: stretch(model, pictures.digit.canvas) };
      }
    },
  };
}

/** Draws the small picture over the whole of `canvas`; -> its side, device pixels */
export function stretch(canvas, picture) {
  const side = fit(canvas);
  const context = canvas.getContext("2d", OPAQUE);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, side, side);
  return side;
}

function drawInput(canvas, frame, layers, pictures) {
  const side = fit(canvas);
  const context = canvas.getContext("2d", OPAQUE);
  const scale = globalThis.devicePixelRatio || 1; // device pixels per css pixel
  const [start, end] = [toView(-1, side), toView(1, side)];
  context.imageSmoothingEnabled = false;
  context.fillStyle = INK.outside;
  context.fillRect(0, 0, side, side);
  context.drawImage(pictures.input.canvas, start, start, end - start, end - start);
  const reads = frame.transform !== null;
  const outline = reads ? path(frame.outline, side) : null;
  if (reads && layers.region) dim(context, outline, side);
  if (reads && layers.density && frame.density) {
    context.drawImage(pictures.density.canvas, start, start, end - start, end - start);
  }
  context.strokeStyle = INK.edge;
  context.lineWidth = scale;
  context.strokeRect(start - scale / 2, start - scale / 2, end - start + scale, end - start + scale);
  if (!reads) return;
  context.lineJoin = "round";
  const ink = frame.overruled ? INK.user : INK.net;
  if (layers.lines) {
    context.strokeStyle = frame.overruled ? INK.userSoft : INK.netSoft;
    context.lineWidth = scale;
    context.stroke(lines(frame, layers.step, side));
  }
  if (layers.points) {
    context.fillStyle = ink;
    context.fill(points(frame, layers.step, side, 1.1 * scale));
  }
  if (layers.region) {
    strokeLooks(context, frame, side, 1.2 * scale);
    const top = tick(frame.outline, side, 9 * scale);
    for (const [style, width] of [[INK.halo, 5], [ink, 2.5]]) {
      context.strokeStyle = context.fillStyle = style;
      context.lineWidth = width * scale;
      context.stroke(outline);
      context.fill(top);
    }
  }
  if (layers.gradient) drawArrows(context, frame, layers.step, side, scale);
}

/** The frames of the looks before the last, on picture 2, fading in from the first to the last. */
function strokeLooks(context, frame, side, width) {
  const earlier = frame.look_outlines?.slice(0, -1) ?? [];
  earlier.forEach((outline, index) => {
    context.globalAlpha = FADED + ((1 - FADED) * index) / (earlier.length + 1);
    context.strokeStyle = INK.net;
    context.lineWidth = width;
    context.setLineDash([3 * width, 3 * width]);
    context.stroke(path(outline, side));
  });
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** The area outside the region is darker: it does not reach the classifier. */
function dim(context, outline, side) {
  const outside = new Path2D();
  outside.rect(0, 0, side, side);
  outside.addPath(outline);
  context.fillStyle = INK.dim;
  context.fill(outside, "evenodd");
}

function path(outline, side) {
  const result = new Path2D();
  for (const [x, y] of outline) result.lineTo(toView(x, side), toView(y, side));
  result.closePath();
  return result;
}

/** A small triangle on the side that becomes the top of the output, so that its rotation is visible. */
function tick(outline, side, length) {
  const middle = along(outline, 1 / 8); // the outline starts at the top left and goes clockwise
  const opposite = along(outline, 5 / 8);
  const [x, y] = [toView(middle[0], side), toView(middle[1], side)];
  const [dx, dy] = [x - toView(opposite[0], side), y - toView(opposite[1], side)];
  const unit = length / (Math.hypot(dx, dy) || 1);
  const [ux, uy] = [dx * unit, dy * unit];
  const result = new Path2D();
  result.moveTo(x + ux, y + uy);
  result.lineTo(x - uy * 0.7, y + ux * 0.7);
  result.lineTo(x + uy * 0.7, y - ux * 0.7);
  result.closePath();
  return result;
}

/** The point at a fraction of a closed outline, all its segments counted as equally long. */
function along(outline, share) {
  const place = outline.length * share;
  const [a, b] = [outline[Math.floor(place)], outline[Math.ceil(place) % outline.length]];
  const part = place % 1;
  return [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
}

/** Every step-th row and column of the sampling grid, evenly within it. */
function lines({ grid, output }, step, side) {
  const [factor, shift] = unit(side);
  const result = new Path2D();
  for (let a = step >> 1; a < output; a += step) {
    for (let b = 0; b < output; b++) {
      const i = 2 * (a * output + b);
      const [x, y] = [grid[i] * factor + shift, grid[i + 1] * factor + shift];
      if (b) result.lineTo(x, y);
      else result.moveTo(x, y);
    }
    for (let b = 0; b < output; b++) {
      const i = 2 * (b * output + a);
      const [x, y] = [grid[i] * factor + shift, grid[i + 1] * factor + shift];
      if (b) result.lineTo(x, y);
      else result.moveTo(x, y);
    }
  }
  return result;
}

function points({ grid, output }, step, side, radius) {
  const [factor, shift] = unit(side);
  const result = new Path2D();
  for (let row = step >> 1; row < output; row += step) {
    for (let column = step >> 1; column < output; column += step) {
      const i = 2 * (row * output + column);
      const [x, y] = [grid[i] * factor + shift, grid[i + 1] * factor + shift];
      result.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    }
  }
  return result;
}

/** toView for the grid's integers, as factor and offset. */
function unit(side) {
  return [side / (2 * EXTENT * GRID_UNIT), side / 2];
}
