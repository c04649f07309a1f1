// The state of the page: the notifications of a change, and the fields that it does not affect.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createStore, DEFAULTS, lasting } from "../../stn_demo/ui/shared/store.js";

test("a change reports the keys that changed, and merges poses", () => {
  const store = createStore();
  const calls = [];
  const end = store.subscribe((state, keys) => calls.push([state.pose.rotation, keys]));
  store.set({ pose: { rotation: 30 }, raw: false });
  assert.deepEqual(calls, [[30, ["pose"]]]);
  assert.equal(store.get().pose.scale, 1);
  store.set({ pose: { rotation: 30, corners: [[0, 0], [0, 0], [0, 0], [0, 0]] } });
  assert.equal(calls.length, 1, "nothing changed");
  end();
  store.set({ raw: true });
  assert.equal(calls.length, 1);
});

test("a returned state never changes, nor do the defaults", () => {
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

test("a listener that fails does not stop the others and is reported once", () => {
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
  assert.deepEqual(toasts, [{ key: "error.module", args: { message: "broken" } }]);
  assert.equal(log.mock.callCount(), 2);
  log.mock.restore();
});

test("a link contains the lasting state, not temporary state", () => {
  const kept = lasting(createStore({ inspect: { view: "input", x: 0, y: 0 } }).get());
  assert.deepEqual(Object.keys(kept), Object.keys(DEFAULTS));
});
