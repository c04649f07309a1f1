import assert from "node:assert/strict";
import { test } from "node:test";

import { SMALLEST, between, grown, moved, resized } from "../../stn_demo/ui/explore/static/cut-box.js";

const near = (box, expected) => box.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9, `${box}`));

test("a box moves as a whole, and stops at the picture's edges", () => {
  near(moved([0.2, 0.2, 0.4, 0.6], 0.1, -0.1), [0.3, 0.1, 0.5, 0.5]);
  near(moved([0.2, 0.2, 0.4, 0.6], 5, -5), [0.8, 0, 1, 0.4]);
});

test("a corner pulls its two edges, which never cross the others", () => {
  near(resized([0.2, 0.2, 0.4, 0.6], "nw", 0.1, 0.1), [0.3, 0.3, 0.4, 0.6]);
  near(resized([0.2, 0.2, 0.4, 0.6], "es", -1, -1), [0.2, 0.2, 0.2 + SMALLEST, 0.2 + SMALLEST]);
  near(resized([0.2, 0.2, 0.4, 0.6], "ne", 1, -1), [0.2, 0, 1, 0.6]);
  near(grown([0.4, 0.4, 0.6, 0.6], 0.1), [0.3, 0.3, 0.7, 0.7]);
});

test("a new box lies between two points of the picture, or the points are too close", () => {
  near(between([0.7, 0.1], [0.2, 1.4]), [0.2, 0.1, 0.7, 1]);
  assert.equal(between([0.5, 0.5], [0.5, 0.9]), null);
});
