// The state of the page as an address, and back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, PREFIX } from "../../stn_demo/ui/explore/static/link.js";
import { DEFAULTS } from "../../stn_demo/ui/shared/store.js";

const back = (state) => JSON.parse(decode(PREFIX + encode(state)));

test("a state comes back as it was, without what passes", () => {
  const pose = { ...DEFAULTS.pose, rotation: -42.5, corners: [[1, 2], [0, 0], [0, -3], [0, 0]] };
  const state = { ...structuredClone(DEFAULTS), model: "turn-affine", lang: "zh-CN", pose, inspect: { view: "input", x: 1, y: 2 } };
  const found = back(state);
  assert.deepEqual(found.pose, pose);
  assert.equal(found.model, "turn-affine");
  assert.equal(found.lang, "zh-CN");
  assert.equal("inspect" in found, false);
});

test("the address has only letters that messengers leave alone, in any language", () => {
  const text = encode({ ...structuredClone(DEFAULTS), model: "数字?/+=" });
  assert.match(text, /^[A-Za-z0-9_-]+$/);
  assert.equal(back({ ...structuredClone(DEFAULTS), model: "数字?/+=" }).model, "数字?/+=");
});

test("a long drawing loses points until the address is short, and keeps its strokes", () => {
  const strokes = Array.from({ length: 6 }, (_, k) => ({
    w: 80, e: 0, p: Array.from({ length: 800 }, (_, i) => Math.round(500 + 300 * Math.sin((i + 40 * k) / (i % 2 ? 60 : 90)))),
  }));
  const state = { ...structuredClone(DEFAULTS), source: { kind: "strokes", strokes } };
  assert.ok(JSON.stringify(state).length > 8000);
  assert.ok(encode(state).length <= 4000);
  const found = back(state).source.strokes;
  assert.equal(found.length, 6);
  for (const [k, { p }] of found.entries()) assert.deepEqual(p.slice(0, 2), strokes[k].p.slice(0, 2));
  assert.equal(state.source.strokes[0].p.length, 800, "the drawing on the page stays as it is");
});

test("a damaged address is refused", () => {
  const whole = encode(DEFAULTS);
  for (const text of [whole.slice(0, 20), "%%%", `${whole}!`, "_".repeat(200_001)]) {
    assert.throws(() => decode(PREFIX + text), undefined, text.slice(0, 30));
  }
});
