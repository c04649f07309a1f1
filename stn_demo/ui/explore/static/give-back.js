/** "Release it": the grabbed region moves back to the network's own theta, which then applies again. */

import { wrapped } from "./gesture.js";

const DURATION = 500; // ms

export function attachGiveBack(root, store) {
  const button = root.querySelector("#give-back");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let sent = null; // the last grab set by the animation; a different one in the state was set by the visitor

  button.addEventListener("click", () => {
    const { frame } = store;
    const from = still.matches ? null : ways(frame);
    if (!from || !frame.overruled) return store.set({ grab: null });
    const start = performance.now();
    sent = store.get().grab;
    const step = (now) => {
      if (store.get().grab !== sent) return;
      const time = Math.min(1, Math.max(0, (now - start) / DURATION));
      if (time === 1) return store.set({ grab: null });
      const eased = time * time * (3 - 2 * time);
      store.set({ grab: between(from, store.frame, eased) });
      sent = store.get().grab;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });

  const show = () => {
    const hidden = !store.get().grab;
    // After a key press the focus stays where the grid was grabbed.
    if (hidden && document.activeElement === button) root.querySelector("#hands input:checked").focus();
    button.hidden = hidden;
  };
  store.subscribe((_, keys) => keys.includes("grab") && show());
  show();
}

/** The start of the animation, by parts (rotation, scale ...) if the transform has them, else by its parameters. */
function ways(frame) {
  if (!frame?.undone || !frame.predicted_parts) return null;
  if (frame.transform === "tps" || frame.transform === "projective") return { theta: frame.theta };
  return { parts: frame.undone };
}

function between(from, frame, time) {
  const mix = (a, b) => a + (b - a) * time;
  if (from.theta) return { theta: from.theta.map((value, i) => mix(value, frame.predicted[i] ?? value)) };
  const parts = {};
  for (const [name, value] of Object.entries(from.parts)) parts[name] = mix(value, frame.predicted_parts[name]);
  // the short way round
  parts.rotation = from.parts.rotation + wrapped(frame.predicted_parts.rotation - from.parts.rotation) * time;
  return { parts };
}
