// Theta as a matrix: a typed number appears at its position, and the other numbers stay unchanged if possible.

import assert from "node:assert/strict";
import test from "node:test";
import { matrixOf, thetaWith } from "../../stn_demo/ui/explore/static/theta-matrix.js";

const THETAS = {
  attention: [0.8, 0.1, -0.2],
  similarity: [0.9, 0.7, 0.1, -0.2],
  affine: [0.9, 0.1, 0.2, -0.1, 0.8, 0.3],
  projective: [0.9, 0.1, 0.2, -0.1, 0.8, 0.3, 0.05, -0.04],
};
const TOGETHER = { attention: [[0, 4]], similarity: [[0, 4], [1, 3]], affine: [], projective: [] };

for (const [transform, theta] of Object.entries(THETAS)) {
  test(`${transform}: each number can be set`, () => {
    const { cells, says } = matrixOf(theta, transform);
    assert.equal(says.length, cells.length);
    says.forEach((key, index) => {
      if (key === null) return;
      const changed = thetaWith(theta, transform, index, 0.33);
      assert.equal(changed.length, theta.length);
      const now = matrixOf(changed, transform).cells;
      const along = TOGETHER[transform].find((places) => places.includes(index)) ?? [index];
      now.forEach((value, place) => {
        const expected = place === index ? 0.33 : along.includes(place) ? Math.abs(0.33) : cells[place];
        const shown = along.includes(place) && place !== index ? Math.abs(value) : value;
        assert.ok(Math.abs(shown - expected) < 1e-9, `${transform} ${index}: place ${place}`);
      });
    });
  });
}
