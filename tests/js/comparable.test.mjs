// Which networks are compared with each other.

import assert from "node:assert/strict";
import { test } from "node:test";

import { areComparable } from "../../stn_demo/ui/shared/comparable.js";

const digits = { names: null };

test("networks are compared if they have the same classes in the same order", () => {
  assert.ok(areComparable(digits, { names: null }));
  assert.ok(areComparable(digits, { names: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }));
  assert.ok(areComparable({ names: ["a", "b"] }, { names: ["a", "b"] }));
  assert.ok(!areComparable({ names: ["a", "b"] }, digits));
  assert.ok(!areComparable({ names: ["a", "b"] }, { names: ["b", "a"] }));
});
