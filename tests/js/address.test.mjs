// The state of the page as an address, and back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, textOf, valuesOf } from "../../stn_demo/ui/explore/static/address.js";
import { FIRST } from "../../stn_demo/ui/explore/static/first.js";
import { remember } from "../../stn_demo/ui/explore/static/ready.js";
import { format, parse } from "../../stn_demo/ui/shared/route.js";
import { DEFAULTS } from "../../stn_demo/ui/shared/store.js";

const back = (state) => JSON.parse(decode(encode(state)));

test("a state survives the address, except for temporary fields", () => {
  const pose = { ...DEFAULTS.pose, rotation: -42.5, corners: [[1, 2], [0, 0], [0, -3], [0, 0]] };
  const state = { ...structuredClone(DEFAULTS), model: "turn-affine", lang: "zh-CN", pose, inspect: { view: "input", x: 1, y: 2 } };
  const found = back(state);
  assert.deepEqual(found.pose, pose);
  assert.equal(found.model, "turn-affine");
  assert.equal(found.lang, "zh-CN");
  assert.equal("inspect" in found, false);
});

test("the address has only characters that messengers do not change, in any language", () => {
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
    assert.throws(() => decode(text), undefined, text.slice(0, 30));
  }
});

const DIGIT = { digit: "A".repeat(1046), label: 7, name: "handwriting.599" };
const http = { get: async () => DIGIT };
const GRABS = {
  parts: { parts: { rotation: -35.25, scale_x: 0.7312, scale_y: 0.7312, shear: -0.1234, shift_x: 3.125, shift_y: -2.5 } },
  corners: { corners: [[-0.91, -0.87], [0.9312, -0.7], [0.8, 0.9123], [-0.7, 0.65]] },
  spline: { theta: Array.from({ length: 32 }, (_, i) => Number((0.31 * (i % 5) - 0.6 + i / 1000).toFixed(4))) },
  affine: { theta: [0.8123, -0.4, 12.5, 0.4, 0.81, -0.0001] },
};

for (const [kind, grab] of Object.entries(GRABS)) {
  test(`a state with a ready digit and a grab (${kind}) takes at most 300 letters and comes back as it was`, async () => {
    remember(DIGIT);
    const state = {
      ...structuredClone(DEFAULTS),
      source: { kind: "digit", digit: DIGIT.digit, label: 7 },
      raw: true,
      pose: {
        rotation: -123.4, scale: 1.237, shift_x: -3.25, shift_y: 4.75, shear: -0.37, elastic: 1.3, elastic_seed: 4711,
        corners: [[-1.25, 2.75], [3.5, -2.25], [1.75, 3.25], [-2.5, 1.25]],
      },
      model: "r-stcnn-affine-seed1", twin: "rts-stfcn-affine", grab, sampler: "deconvolution", padding: "reflection",
      layers: { ...DEFAULTS.layers, density: true, points: true, step: 4 },
    };
    const hash = format({ page: "explore", values: valuesOf(state) });
    assert.ok(`http://192.168.100.100:7860/${hash}`.length <= 300, `${hash.length} ${hash}`);
    const { text } = await textOf(parse(hash).values, http);
    const { lang, ...expected } = state;
    assert.deepEqual(JSON.parse(text), expected);
  });
}

test("the drawing that the page opens with is short, too", async () => {
  const state = { ...structuredClone(DEFAULTS), source: FIRST.source, model: "turn-affine", twin: null };
  const values = valuesOf(state);
  assert.deepEqual(values, { d: "first", m: "turn-affine", w: "-" });
  assert.deepEqual(JSON.parse((await textOf(values, http)).text).source, FIRST.source);
});

test("the address names a page, a place in it, and the values of the stage", () => {
  assert.deepEqual(parse(""), { page: "explore", place: "", options: {}, values: {} });
  assert.deepEqual(parse("#train"), { page: "train", place: "", options: {}, values: {} });
  assert.deepEqual(parse("#learn=grid&d=mnist.1"), { page: "learn", place: "grid", options: {}, values: { d: "mnist.1" } });
  for (const hash of ["", "#train", "#learn=grid", "#results&d=mnist.1&p=40,-3", "#s=abc_-", "#scene=small-digit"]) {
    assert.equal(format(parse(hash)), hash);
  }
});

test("a page may carry options of its own, and they come back", () => {
  const route = { page: "learn", place: "sampler", options: { test: "both" }, values: { d: "first" } };
  assert.deepEqual(parse("#learn=sampler?test=both&d=first"), route);
  assert.equal(format(route), "#learn=sampler?test=both&d=first");
  assert.deepEqual(parse("#learn?test=both").options, { test: "both" });
  assert.deepEqual(parse("#s=a?b").values, { s: "a?b" });
});
