// Gradient descent on theta for the current digit: a frame with a gradient contains theta after one step, and the page requests the
// frame for it.

const PAUSE = 45; // ms between two steps, so that the eye can follow

/** parts of the identity */
const identity = ({ size, output }) =>
  ({ rotation: 0, scale_x: size / output, scale_y: size / output, shear: 0, shift_x: 0, shift_y: 0 });

/**
 * -> {start(rotation): from the identity, rotated by `rotation` degrees; run(steps); stop(); running(); path: the points so far,
 *     [{rotation, scale, loss}]}
 * changed() is called after each step and when it ends.
 */
export function createDescent(store, changed = () => {}) {
  let left = 0;
  let expected = null; // the grab whose frame is expected
  let timer = 0;
  const descent = {
    path: [],
    running: () => left > 0,
    start(rotation = 0) {
      descent.stop();
      descent.path.length = 0;
      expected = { parts: { ...identity(store.frame ?? { size: 28, output: 28 }), rotation } };
      store.set({ grab: expected, layers: { gradient: true } });
    },
    run(steps) {
      descent.stop();
      left = steps;
      store.set({ layers: { gradient: true } });
      if (store.frame?.gradient) step(store.frame);
    },
    stop() {
      clearTimeout(timer);
      left = 0;
      changed();
    },
  };

  function step({ gradient, undone }) {
    if (!descent.path.length) note(undone, gradient);
    if (!gradient.next.every(Number.isFinite)) return descent.stop();
    left -= 1;
    expected = { theta: gradient.next };
    store.set({ grab: expected });
    changed();
  }

  function note(undone, gradient) {
    descent.path.push({ rotation: undone.rotation, scale: undone.scale_x, loss: gradient.loss });
  }

  store.on("frame", (frame) => {
    if (!frame.gradient || !frame.undone) return;
    if (expected && store.get().grab === expected && frame.overruled) {
      expected = null;
      note(frame.undone, frame.gradient);
      changed();
      if (left > 0) timer = setTimeout(() => left > 0 && store.frame?.gradient && step(store.frame), PAUSE);
    } else if (left > 0 && !expected) {
      clearTimeout(timer);
      step(frame); // the first frame with a gradient after run()
    }
  });
  store.subscribe((state, keys) => {
    const foreign = keys.some((key) => key === "source" || key === "pose" || key === "model") ||
      (keys.includes("grab") && state.grab !== expected && state.grab?.theta === undefined);
    if (!foreign) return;
    if (left > 0) descent.stop();
    if (descent.path.length && !(keys.includes("grab") && state.grab === expected)) {
      descent.path.length = 0;
      changed();
    }
  });
  return descent;
}
