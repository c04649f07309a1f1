// The state of the page. Everything else on screen is derived from it or from the newest frame.

/** The initial state; `source` is an empty pad. */
export const DEFAULTS = Object.freeze({
  source: { kind: "strokes", strokes: [] },
  raw: false,
  pose: {
    rotation: 0, scale: 1, shift_x: 0, shift_y: 0, shear: 0,
    corners: [[0, 0], [0, 0], [0, 0], [0, 0]], elastic: 0, elastic_seed: 0,
  },
  model: undefined, // the server's choice, until the first frame says which
  twin: undefined,
  grab: null,
  sampler: null,
  padding: null,
  layers: { points: false, lines: true, region: true, density: false, gradient: false, landscape: false, step: 2 },
  lang: "en",
});

/** Fields that are not part of a link: the inspected pixel, null | {view: "warped"|"input", x, y}; the digit
 *  that counts as correct, null: the label of a ready digit, else the most probable one. */
const TRANSIENT = { inspect: null, target: null };

/** The state that a link contains. */
export function lasting(state) {
  return Object.fromEntries(Object.keys(DEFAULTS).map((key) => [key, state[key]]));
}

const MERGED = new Set(["pose", "layers"]); // set({pose: {scale: 2}}) keeps the other pose values

/**
 * get() -> the state, must not be modified.
 * set(patch): merges, stores the time, calls each subscriber with (state, changed keys) if something has changed.
 * subscribe(fn) -> a function that ends it.     on(name, fn), emit(name, value): events in addition to the state:
 *   "frame"  the decoded frame (frame.js), after each answer;   "drawn" after all is drawn
 *   "toast"  {key, args} | {say(): the text} | {error: {code, message}}: a message for the visitor
 *   "lang"   the new language, after the catalogue has changed
 * frame: the newest frame or null.   status: the newest status or null.   changedAt: performance.now() of the last set(): the start of the next "stn-update".
 */
export function createStore(initial = {}) {
  let state = { ...structuredClone(DEFAULTS), ...TRANSIENT, ...initial };
  const subscribers = new Set();
  const listeners = new Map();
  const store = {
    frame: null,
    status: null,
    changedAt: 0,
    get: () => state,
    set(patch) {
      const now = performance.now();
      const changed = [];
      const next = { ...state };
      for (const key of Object.keys(patch)) {
        const value = MERGED.has(key) ? { ...state[key], ...patch[key] } : patch[key];
        if (same(value, state[key])) continue;
        next[key] = value;
        changed.push(key);
      }
      if (!changed.length) return;
      state = next;
      store.changedAt = now;
      for (const fn of subscribers) guarded(store, fn, state, changed);
    },
    subscribe(fn) {
      subscribers.add(fn);
      return () => subscribers.delete(fn);
    },
    on(name, fn) {
      if (!listeners.has(name)) listeners.set(name, new Set());
      listeners.get(name).add(fn);
      return () => listeners.get(name).delete(fn);
    },
    emit(name, value) {
      if (name === "frame") store.frame = value;
      if (name === "status") store.status = value;
      for (const fn of listeners.get(name) ?? []) guarded(store, fn, value);
    },
  };
  return store;
}

/** A listener that fails must not stop the others, and the failure must be reported. */
function guarded(store, fn, ...args) {
  try {
    fn(...args);
  } catch (error) {
    console.error(error);
    if (fn.reported) return;
    fn.reported = true; // report each listener once: one in the drawing loop would fail sixty times a second
    store.emit("toast", { key: "error.module", args: { message: String(error.message ?? error) } });
  }
}

function same(a, b) {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => same(a[key], b[key]));
}
