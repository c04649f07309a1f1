// The published runs: which names are networks of theirs, and what the Train page's routes answer.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createRecorded, ofRun } from "../../stn_demo/ui/local/static/recorded.js";

const entry = (weights) => ({ graph: "graphs/a.onnx", weights });
const index = {
  infos: [{ name: "upright" }],
  runs: [{ id: "one", steps: 9 }],
  recorded: { one: { steps: [0, 4, 9], network: entry("runs/one/*.bin"), twin: entry("runs/one/*-twin.bin") } },
};

test("a snapshot and its twin are found by name, the latest is the last", () => {
  assert.equal(ofRun("run-one-4", index).weights, "runs/one/4.bin");
  assert.equal(ofRun("run-one-latest", index).weights, "runs/one/9.bin");
  assert.equal(ofRun("run-one-0-twin", index).weights, "runs/one/0-twin.bin");
});

test("what was not published is not found", () => {
  for (const name of ["run-one-5", "run-two-4", "upright", "run-one", "run-constructor-4", undefined]) {
    assert.equal(ofRun(name, index), null, name);
  }
  assert.equal(ofRun("run-one-4", {}), null);
});

test("a run sends its whole log once, and no changes after that", async () => {
  const log = { next: 7, run: { id: "one" }, snapshots: [0, 4, 9] };
  const { gets, files } = createRecorded(
    async (name) => (name === "index.json" ? index : log),
    async (address) => new Response(address),
  );
  const answer = (path, text) => gets[path](new URLSearchParams(text));
  assert.equal((await answer("stn/train", "")).closed, "published");
  assert.deepEqual((await answer("stn/train/log", "id=one&since=0")).snapshots, [0, 4, 9]);
  assert.equal((await answer("stn/train/log", "id=one&since=7")).run, undefined);
  assert.equal((await answer("stn/train/log", "id=two&since=0")).error.kind, "unknown_run");
  const strip = (text) => files["stn/train/strip"](new URLSearchParams(text));
  assert.equal(await (await strip("id=one&step=latest")).text(), "runs/one/9.strip");
  assert.equal((await strip("id=two&step=4")).status, 204);
});
