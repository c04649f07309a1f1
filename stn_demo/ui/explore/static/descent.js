// The layers "gradient" and "landscape" of the stage: the gradient of the loss, and gradient descent step by step.

import { errorText, number, t } from "../../shared/i18n.js";
import { createDescent } from "../../shared/descent.js";
import { createLandscape } from "../../shared/landscape.js";
import { put, textIn, write } from "../../shared/node.js";

export function attachDescent(root, store) {
  const box = root.querySelector("#descent");
  const canvas = root.querySelector("#view-landscape");
  const words = textIn(root.querySelector("#descent-words"));
  const target = root.querySelector("#target");
  const buttons = [...root.querySelectorAll("[data-descend]")];
  const landscape = createLandscape(canvas);
  let map = null;
  let unmapped = null; // why there is no map of the loss: {code, message}
  for (let digit = 0; digit < 10; digit++) target.append(new Option(digit, digit));

  const descent = createDescent(store, redraw);

  function redraw() {
    const { layers } = store.get();
    put(box, "hidden", !(layers.gradient || layers.landscape));
    put(canvas, "hidden", !layers.landscape);
    if (box.hidden) return;
    const { frame } = store;
    const able = Boolean(frame?.transform) && !frame.lacksGradient;
    for (const button of buttons) put(button, "disabled", !able);
    if (layers.landscape) landscape.draw(map, frame, descent.path);
    write(words, sentence(frame));
  }

  function sentence(frame) {
    if (!frame?.transform) return t("descent.none");
    if (unmapped && store.get().layers.landscape) return errorText(unmapped);
    if (frame.lacksGradient) return t("error.no_losses");
    if (!frame.gradient) return "";
    const { target: digit, loss, norm } = frame.gradient;
    const key = norm ? "descent.loss" : "descent.flat";
    return t(key, { digit, loss: number(loss, 2), norm: number(norm, 3), steps: Math.max(0, descent.path.length - 1) });
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const steps = Number(button.dataset.descend);
      if (steps) descent.run(steps);
      else descent.start();
    });
  }
  target.addEventListener("change", () => store.set({ target: target.value === "" ? null : Number(target.value) }));
  store.on("landscape", (found) => {
    map = found;
    unmapped = null;
    redraw();
  });
  store.on("unmapped", (error) => {
    unmapped = error;
    redraw();
  });
  store.on("frame", redraw);
  store.on("lang", redraw);
  store.subscribe((state, keys) => {
    if (keys.includes("source") && state.target !== null) store.set({ target: null });
    put(target, "value", String(store.get().target ?? "")); // writing an equal value would cost the browser 0.4 ms
    if (keys.includes("layers")) redraw();
  });
  redraw();
}
