// The one state of the page: what a change tells, and what it leaves alone.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createStore, DEFAULTS, lasting } from "../../stn_demo/ui/shared/store.js";

test("a change tells the keys that changed, and merges poses", () => {
  const store = createStore();
  const told = [];
  const end = store.subscribe((state, keys) => told.push([state.pose.rotation, keys]));
  store.set({ pose: { rotation: 30 }, raw: false });
  assert.deepEqual(told, [[30, ["pose"]]]);
  assert.equal(store.get().pose.scale, 1);
  store.set({ pose: { rotation: 30, corners: [[0, 0], [0, 0], [0, 0], [0, 0]] } });
  assert.equal(told.length, 1, "nothing changed");
  end();
  store.set({ raw: true });
  assert.equal(told.length, 1);
});

test("a state that was handed out never changes, nor do the defaults", () => {
  const store = createStore();
  const before = store.get();
  store.set({ pose: { scale: 2 }, layers: { points: true } });
  assert.equal(before.pose.scale, 1);
  assert.equal(DEFAULTS.pose.scale, 1);
  assert.equal(store.get().layers.lines, true);
});

test("the time of a change is noted only when something changed", () => {
  const store = createStore();
  store.set({ raw: true });
  const at = store.changedAt;
  assert.ok(at > 0);
  store.set({ raw: true });
  assert.equal(store.changedAt, at);
});

test("events reach their own listeners, and the newest frame is kept", () => {
  const store = createStore();
  const heard = [];
  const end = store.on("frame", (frame) => heard.push(frame.id));
  store.emit("frame", { id: 1 });
  store.emit("drawn");
  end();
  store.emit("frame", { id: 2 });
  assert.deepEqual(heard, [1]);
  assert.equal(store.frame.id, 2);
});

test("a listener that fails neither stops the others nor fails in silence, and says so once", () => {
  const log = mock.method(console, "error", () => {});
  const store = createStore();
  const toasts = [];
  let reached = 0;
  store.on("toast", (toast) => toasts.push(toast));
  store.subscribe(() => {
    throw new Error("broken");
  });
  store.subscribe(() => reached++);
  store.set({ raw: true });
  store.set({ raw: false });
  assert.equal(reached, 2);
  assert.deepEqual(toasts, [{ key: "error.module", args: { detail: "broken" } }]);
  assert.equal(log.mock.callCount(), 2);
  log.mock.restore();
});

test("a link holds what lasts, and no passing state", () => {
  const kept = lasting(createStore({ inspect: { view: "input", x: 0, y: 0 } }).get());
  assert.deepEqual(Object.keys(kept), Object.keys(DEFAULTS));
});
