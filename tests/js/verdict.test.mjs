// The verdict: the sentence for given numbers. Without a catalogue the sentence is its key.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { conclusion, outside, sentence } from "../../stn_demo/ui/explore/static/verdict.js";
import { loadCatalogues } from "../../stn_demo/ui/shared/i18n.js";

const turned = (applied, followed, rest = 0) =>
  sentence({
    transform: "similarity",
    applied: { rotation: applied },
    followed: { rotation: followed },
    left: { rotation: applied - followed },
    rest: { rotation: rest },
  });

test("a frame is judged by its movement, not by its position", () => {
  assert.equal(turned(40, 39, 12), "verdict.followed");
  assert.equal(turned(40, 39, -46), "verdict.followed");
});

test("too far, not far enough, the other way, not at all, upside down", () => {
  assert.equal(turned(40, 60), "verdict.over");
  assert.equal(turned(-40, -60), "verdict.over");
  assert.equal(turned(40, 20), "verdict.under");
  assert.equal(turned(40, -20), "verdict.against");
  assert.equal(turned(40, 1), "verdict.still");
  assert.equal(turned(90, -88), "verdict.upside");
});

test("an unrotated digit is described as drawn", () => {
  assert.equal(turned(0, 0, 1), "verdict.upright");
  assert.equal(turned(1, 2, 14), "verdict.rest");
});

test("there is no verdict if nothing can be judged", () => {
  const frame = { transform: "similarity", applied: { rotation: 40 }, followed: null, left: null };
  assert.equal(sentence(frame), "verdict.lost");
  assert.equal(sentence({ ...frame, overruled: true }), "verdict.overruled");
  assert.equal(sentence({ ...frame, blank: true }), "verdict.blank");
});

test("a pose outside the training range is reported", () => {
  const models = [{ name: "upright", trained: { rotation: [-90, 90], scale: [0.6, 1.3] } }];
  const posed = (rotation, scale) =>
    outside({ model: "upright", applied: { rotation, scale_x: scale, scale_y: scale } }, models);
  assert.equal(posed(90, 1.3), "");
  assert.equal(posed(-90, 0.6), "");
  for (const [rotation, scale] of [[95, 1], [-120, 1], [0, 0.5], [0, 1.4]]) {
    assert.equal(posed(rotation, scale), "verdict.outside");
  }
  assert.equal(outside({ model: "another", applied: { rotation: 170, scale_x: 1, scale_y: 1 } }, models), "");
});

test("right and wrong are stated if the label is known", () => {
  const probs = (digit) => Array.from({ length: 10 }, (_, i) => (i === digit ? 0.91 : 0.01));
  const said = (digit, other, label) =>
    conclusion({ probs: probs(digit), twin_probs: other === null ? null : probs(other) }, label);
  assert.equal(said(8, 8, 8), "conclusion.right.right");
  assert.equal(said(8, 3, 8), "conclusion.right.wrong");
  assert.equal(said(3, 8, 8), "conclusion.wrong.right");
  assert.equal(said(3, 5, 8), "conclusion.wrong.wrong");
  assert.equal(said(3, null, 8), "conclusion.wrong");
  assert.equal(said(8, 3, null), "conclusion.other");
  assert.equal(said(8, 8, null), "conclusion.same");
  assert.equal(said(8, null, null), "conclusion.alone");
});

test("a range of training without turns or without sizes is said in words", async () => { // the last: it loads the catalogue
  await loadCatalogues(async (path) => JSON.parse(await readFile(new URL(`../../${path.replace("stn/", "stn_demo/ui/")}`, import.meta.url))));
  const said = (rotation, scale) =>
    outside({ model: "m", applied: { rotation: 170, scale_x: 1, scale_y: 1 } }, [{ name: "m", trained: { rotation, scale } }]);
  assert.equal(said([-90, 90], [0.6, 1.3]), "This pose is outside the training range: rotations up to ±90°, scales from 0.6 to 1.3.");
  assert.equal(said([0, 0], [1, 1]), "This pose is outside the training range: no rotations, no change of scale.");
});
