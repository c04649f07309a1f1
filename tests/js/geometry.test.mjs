// Where coordinates lie on a canvas, and how a canvas takes its size.

import assert from "node:assert/strict";
import { test } from "node:test";

const observed = [];
globalThis.ResizeObserver = class {
  constructor(changed) {
    this.changed = changed;
    observed.push(this);
  }
  observe() {}
};
const { EXTENT, farthestCorner, farthestShift, fit, fromPixel, fromView, toPixel, toView } = await import(
  "../../stn_demo/ui/shared/geometry.js"
);

const close = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);

test("the view shows the frame with a margin, and its centre in the middle", () => {
  close(toView(0, 300), 150);
  close(toView(-EXTENT, 300), 0);
  close(toView(EXTENT, 300), 300);
  close(toView(-1, 300, 1), 0);
  for (const value of [-2, -0.3, 0, 1.1]) close(fromView(toView(value, 417), 417), value);
});

test("pixel centres: -1 and 1 are the outer edges of the picture", () => {
  close(toPixel(-1, 28), -0.5);
  close(toPixel(1, 28), 27.5);
  close(fromPixel(0, 28), -1 + 1 / 28);
  for (const pixel of [0, 13, 27]) close(toPixel(fromPixel(pixel, 28), 28), pixel);
});

test("ranges of the controls follow the size of the frame", () => {
  assert.equal(farthestShift(42), 21);
  assert.equal(farthestCorner(28), 10);
  assert.equal(farthestCorner(42), 15);
});

test("a canvas has the pixels of its box, and its new size after a resize event", () => {
  globalThis.devicePixelRatio = 2;
  const canvas = { clientWidth: 100.2, width: 0, height: 0 };
  assert.equal(fit(canvas), 200);
  assert.deepEqual([canvas.width, canvas.height], [200, 200]);
  canvas.clientWidth = 50;
  assert.equal(fit(canvas), 200, "the browser is not asked in the middle of drawing");
  observed[0].changed([{ target: canvas }]);
  assert.equal(fit(canvas), 100);
  assert.equal(canvas.width, 100);
});
