// The controls of the descent follow the state without work for the browser where nothing has changed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../../stn_demo/ui/shared/store.js";

globalThis.ResizeObserver = class {}; // shared/geometry.js creates one when it is loaded
globalThis.Option = class {};
const { attachDescent } = await import("../../stn_demo/ui/explore/static/descent.js");

/** As much of a document as attachDescent needs: elements by selector; `writes`: each write to the value of an element. */
function page() {
  const writes = [];
  const element = () => {
    let value = "";
    return {
      append() {},
      appendChild: (node) => node,
      addEventListener() {},
      getContext: () => ({}),
      get value() {
        return value;
      },
      set value(next) {
        value = String(next);
        writes.push(value);
      },
    };
  };
  globalThis.document = { createElement: element, createTextNode: (data) => ({ data }) };
  const elements = new Map();
  const find = (selector) => elements.get(selector) ?? elements.set(selector, element()).get(selector);
  return { root: { querySelector: find, querySelectorAll: () => [] }, writes };
}

test("the select of the correct digit is written only when its digit changes", () => {
  const { root, writes } = page();
  const store = createStore();
  attachDescent(root, store);
  for (let rotation = 1; rotation < 10; rotation++) store.set({ pose: { rotation } });
  assert.deepEqual(writes, [], "each write to a select makes the browser look at the form again");
  store.set({ target: 3 });
  store.set({ pose: { rotation: 20 } });
  assert.deepEqual(writes, ["3"]);
});

test("another digit on the pad resets the choice of the correct digit, in the state and on the page", () => {
  const { root, writes } = page();
  const store = createStore();
  attachDescent(root, store);
  store.set({ target: 3 });
  store.set({ source: { kind: "digit", digit: "", label: 5 } });
  assert.equal(store.get().target, null);
  assert.deepEqual(writes, ["3", ""]);
});
