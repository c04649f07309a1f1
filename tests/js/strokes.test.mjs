// Strokes: how points are added, dropped and erased.

import assert from "node:assert/strict";
import { test } from "node:test";
import { append, coarsen, PAD, paint, pointCount, rub } from "../../stn_demo/ui/explore/static/strokes.js";

const stroke = (p, more = {}) => ({ w: 80, e: 0, p, ...more });

test("a point is rounded, and left out when it is too close to the last one", () => {
  const line = stroke([]);
  assert.equal(append(line, 10.4, 20.6), true);
  assert.equal(append(line, 12, 21), false);
  assert.equal(append(line, 14, 21), true);
  assert.deepEqual(line.p, [10, 21, 14, 21]);
  assert.equal(pointCount([line, stroke([1, 2])]), 3);
});

test("coarsening keeps corners and ends, and moves no point by more than the tolerance", () => {
  const straight = stroke([0, 0, 100, 1, 200, 0, 300, 1, 400, 0]);
  const corner = stroke([0, 0, 100, 0, 200, 0, 200, 100, 200, 200], { e: 1 });
  const [one, other] = coarsen([straight, corner], 2);
  assert.deepEqual(one.p, [0, 0, 400, 0]);
  assert.deepEqual(other, { w: 80, e: 1, p: [0, 0, 200, 0, 200, 200] });
  assert.deepEqual(straight.p.length, 10, "the drawing itself stays as it is");
  assert.deepEqual(coarsen([stroke([5, 5])], 100)[0].p, [5, 5]);
  assert.deepEqual(coarsen([straight], 0.5)[0].p, straight.p);
});

test("erasing clears the pixels under the eraser and keeps the others", () => {
  const bytes = new Uint8Array(784).fill(200);
  const row = (y) => (y + 0.5) * (PAD / 28);
  rub(bytes, 0, row(14), PAD, row(14), 3 * (PAD / 28));
  for (const y of [13, 14, 15]) assert.equal(bytes[28 * y + 9], 0, `row ${y}`);
  assert.equal(bytes[28 * 10 + 9], 200);
  assert.equal(bytes[28 * 18 + 9], 200);
});

test("painting draws each stroke with its own width and colour, a dot as a line of length zero", () => {
  const calls = [];
  const pen = new Proxy({}, {
    get: (target, name) => target[name] ?? ((...args) => calls.push([name, ...args])),
    set: (target, name, value) => Reflect.set(target, name, value) && calls.push([name, value]) > 0,
  });
  paint(pen, [stroke([500, 500])], 100);
  assert.deepEqual(calls.filter(([name]) => ["moveTo", "lineTo"].includes(name)), [["moveTo", 50, 50], ["lineTo", 50, 50]]);
  calls.length = 0;
  paint(pen, [stroke([0, 0, 100, 0, 200, 0, 300, 0], { w: 40, e: 1 })], 100, 2);
  assert.deepEqual(calls.filter(([name]) => ["moveTo", "lineTo"].includes(name)), [["moveTo", 20, 0], ["lineTo", 30, 0]]);
  assert.ok(calls.some(([name, value]) => name === "lineWidth" && value === 4));
  assert.ok(calls.some(([name, value]) => name === "strokeStyle" && value === "#000"), "a rubber paints black");
});
