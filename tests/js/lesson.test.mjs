// The lesson as data: its stops, their addresses and numbers, and the exported answers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { indexOf, isRight, numbersOf, placeOf, stageOf, stepsOf, stopsOf } from "../../stn_demo/ui/learn/static/lesson.js";
import { isDone, numbersOfDone } from "../../stn_demo/ui/learn/static/missions.js";
import { revealKey, summaryOf, verdictOf } from "../../stn_demo/ui/learn/static/player-texts.js";
import { csvOf, scoreOf } from "../../stn_demo/ui/learn/static/progress.js";

const read = (name) => JSON.parse(readFileSync(new URL(`../../stn_demo/ui/learn/static/${name}.json`, import.meta.url), "utf-8"));
const [data, measured] = ["scenes", "measured"].map(read);
const words = ["en", "zh-CN"].map((tag) => JSON.parse(readFileSync(new URL(`../../stn_demo/ui/strings/${tag}.json`, import.meta.url), "utf-8")));
const stops = stopsOf(data);
const stopOf = (id) => stops[indexOf(stops, id)];

test("a teacher's six questions come before the scenes, the same six after them", () => {
  const both = stopsOf(data, true);
  assert.equal(both.length, stops.length + 6);
  assert.deepEqual(both.slice(0, 6).map(({ part }) => part), stops.slice(-7, -1).map(({ part }) => part));
  assert.equal(indexOf(both, "quiz"), both.length - 7);
});

test("each stop has an address that leads back to it, a scene the shortest", () => {
  for (const stop of stops) assert.equal(stopOf(placeOf(stop)), stop);
  assert.equal(placeOf(stopOf("sampler.example")), "sampler");
  assert.equal(indexOf(stops, "nonsense"), -1);
});

test("every text of every stop is there in both languages, and no number in it is missing", () => {
  const live = ["now", "count", "points", "output", "looks", "limit"]; // of the newest frame: reveal.js
  for (const stop of stops.filter(({ phase }) => phase !== "end")) {
    const known = new Set([...Object.keys(numbersOf(stop, measured)), ...live]);
    const name = `learn.${stop.scene}.${stop.part}`;
    const keys = [`learn.${stop.scene}.title`, `learn.${stop.scene}.idea`];
    if (stop.data.predict || stop.data.mission) keys.push(`${name}.ask`);
    keys.push(...(stop.data.predict?.options ?? []).map((option) => (stop.data.predict.shared ? `learn.${stop.scene}.option.${option}` : `${name}.option.${option}`)));
    if (stop.data.mission) keys.push(`${name}.hint`, `${name}.done`);
    if (stop.phase === "scene" && stop.last) keys.push(`learn.${stop.scene}.why`, `learn.${stop.scene}.because`);
    if (stop.id === "sampler.example") keys.push(...[1, 2, 3, 4].map((step) => `${name}.step.${step}`));
    else if (!stop.data.mission) keys.push(`${name}.result`);
    for (const catalogue of words) {
      for (const key of keys) {
        assert.ok(catalogue[key], key);
        if (key.endsWith(".done")) continue; // filled in from the frame: missions.js
        for (const [, field] of catalogue[key].matchAll(/\{(\w+)\}/g)) assert.ok(known.has(field), `${key}: {${field}}`);
      }
    }
  }
});

test("a stop sets the whole stage and keeps nothing of the previous stop", () => {
  const state = stageOf(stopOf("failures.padding"), data, measured);
  assert.equal(state.model, data.networks.$affine);
  assert.equal(state.padding, "reflection");
  assert.deepEqual([state.inspect, state.twin, state.layers.gradient], [null, null, false]);
  assert.equal(stageOf(stopOf("where"), data, measured).padding, null);
});

test("answers are judged where there is a right one", () => {
  assert.equal(isRight(stopOf("direction"), "below", measured), true);
  assert.equal(isRight(stopOf("direction"), "above", measured), false);
  assert.equal(isRight(stopOf("upright-only"), 30, measured), null);
  const { value } = measured.numbers["sampler.yours"];
  assert.equal(isRight(stopOf("sampler.yours"), value + 0.02, measured), true);
  assert.equal(isRight(stopOf("sampler.yours"), value + 0.05, measured), false);
  assert.equal(stepsOf(stopOf("sampler.example")), 4);
});

test("a mission is judged by the network's result, not by the position of a slider", () => {
  const probs = (digit) => Array.from({ length: 10 }, (_, index) => (index === digit ? 0.91 : 0.01));
  const { mission } = stopOf("missions.only-plain").data;
  assert.equal(isDone(mission, { probs: probs(4), twin_probs: probs(5) }, 4), true);
  assert.equal(isDone(mission, { probs: probs(4), twin_probs: probs(4) }, 4), false);
  assert.equal(isDone(mission, { probs: probs(5), twin_probs: probs(5) }, 4), false);
  const nothing = stopOf("missions.sees-nothing").data.mission;
  const frame = { overruled: true, gradient: { norm: 0 }, warped: new Uint8Array(4), probs: probs(1) };
  assert.equal(isDone(nothing, frame, 2), true);
  assert.equal(isDone(nothing, { ...frame, gradient: { norm: 0.01 } }, 2), false);
});

test("the angle of a mission is written as on its slider", () => {
  const written = (rotation) => numbersOfDone({ probs: [1, 0], twin_probs: null, overruled: true, undone: { rotation } }).rotation;
  assert.deepEqual([-180, 179.7, -90.4, 60].map(written), ["180", "180", "−90", "60"]);
});

test("exported CSV answers are never interpreted as formulas by a spreadsheet", () => {
  const answers = { "direction.scale": { answer: "below", right: true, when: "2026-01-01" }, "where.frame": { answer: { rotation: -4.5 }, right: null, when: "x" } };
  const text = csvOf(stops, { answers, thoughts: { where: '=cmd("x"), then' } });
  const rows = text.trim().split("\r\n");
  assert.equal(rows[2], "prediction,direction.scale,below,below,true,2026-01-01");
  assert.equal(rows[1], 'prediction,where.frame,"{""rotation"":-4.5}",,,x');
  assert.equal(rows[3], 'why,where,"\'=cmd(""x""), then",,,');
  assert.equal(scoreOf(stops, answers, "after"), null);
});

test("the verdict on each answer is a sentence of both languages, right for the right answer only", () => {
  const asked = stops.filter((stop) => stop.data.predict && stop.phase !== "before");
  assert.ok(asked.length > 10);
  const frame = { undone: { rotation: 30, shift_x: 1, shift_y: 2 } };
  for (const stop of asked) {
    const { kind, right } = stop.data.predict;
    const best = { choice: right, number: measured.numbers[`${stop.scene}.${stop.part}`]?.value, mark: 60, frame: frame.undone }[kind];
    const said = verdictOf(stop, best, measured, { angle: 60, frame });
    for (const catalogue of words) assert.ok(said.key in catalogue, said.key);
    if (kind === "choice" || kind === "number") {
      assert.equal(said.kind, "verdict right", stop.id);
      assert.equal(verdictOf(stop, kind === "choice" ? "another" : 1e9, measured, { frame }).kind, "verdict wrong", stop.id);
    }
  }
  const laid = asked.find((stop) => stop.data.predict.kind === "frame");
  assert.deepEqual(verdictOf(laid, { rotation: 0, shift_x: 1, shift_y: 2 }, measured, { frame }).args, { degrees: "30", px: "0.0" });
});

test("the summary counts the predictions, and the button says what it shows next", () => {
  const predicted = stops.filter(({ data: { predict }, phase }) => phase === "scene" && predict?.kind === "choice");
  const answers = Object.fromEntries(predicted.map(({ id }, index) => [id, { answer: "x", right: index > 0, when: "" }]));
  assert.deepEqual(summaryOf(stops, answers)[0].args, { right: predicted.length - 1, of: predicted.length });
  assert.equal(revealKey(stopOf("quiz"), 0, 1), "learn.reveal.answer");
  assert.equal(revealKey(predicted[0], 0, 3), "learn.reveal");
  assert.equal(revealKey(predicted[0], 1, 3), "learn.reveal.step");
});
