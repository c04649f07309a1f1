/** Undo and redo of the digit: every change of `source` by a stroke, a sample, a picture or a link. */

const DEEPEST = 200;

/**
 * open(): all changes up to close() are one step.   undo(), redo()   ends() -> {undo, redo}: whether each is possible.
 * changed() is called whenever the result of ends() changes.
 */
export function createHistory(store, changed) {
  let current = store.get().source;
  let isOpen = false;
  const past = [], future = [];

  const keep = () => {
    past.push(current);
    if (past.length > DEEPEST) past.shift();
    future.length = 0;
  };
  store.subscribe((state, keys) => {
    if (!keys.includes("source") || state.source === current) return;
    if (!isOpen) keep();
    current = state.source;
    changed();
  });
  const go = (from, to) => {
    if (isOpen || !from.length) return;
    to.push(current);
    current = from.pop();
    store.set({ source: current });
    changed();
  };
  return {
    open() {
      keep();
      isOpen = true;
      changed();
    },
    close() {
      isOpen = false;
      if (past.at(-1) === current) past.pop(); // nothing changed
      changed();
    },
    undo: () => go(past, future),
    redo: () => go(future, past),
    ends: () => ({ undo: past.length > 0, redo: future.length > 0 }),
  };
}
