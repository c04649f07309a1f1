// Sliders, presets, layers, sampler and padding: controls write the state, and are updated from it.

import { farthestCorner, farthestShift } from "../../shared/geometry.js";
import { number, t } from "../../shared/i18n.js";
import { put, styled, textIn, write } from "../../shared/node.js";
import { problemOf } from "../../shared/offline.js";
import { unlessScrolled } from "../../shared/slider.js";
import { DEFAULTS } from "../../shared/store.js";

const SHOWN = {
  rotation: [0, "unit.degrees", true],
  scale: [2, "unit.factor", false],
  shift_x: [1, "unit.px", true],
  shift_y: [1, "unit.px", true],
  shear: [2, "unit.none", true],
  elastic: [1, "unit.px", false],
};
const SPIN = 60; // degrees a second
const SEEDS = 10_000;

/** root: the stage. http: see main.js.
 *  -> {show(): update every control; changed(keys): update those of these keys of the state;
 *      follow(frame): offer what this network can do} */
export function attachControls(root, store, http) {
  const sliders = attachSliders(root, store);
  const spin = attachSpin(root, store);
  attachPresets(root, store, http, spin);
  attachMore(root, store);
  attachLayers(root, store);
  for (const key of ["sampler", "padding"]) {
    const select = root.querySelector(`#${key}`);
    select.addEventListener("change", () => store.set({ [key]: select.value || null }));
  }
  const fitFrame = attachFrameSize(root, store);
  const boxes = root.querySelectorAll("[data-layer]");
  const selects = ["step", "sampler", "padding"].map((id) => root.querySelector(`#${id}`));
  const ofTransformer = root.querySelectorAll("#sampler, #padding, #layers input, #step, #hands [value=region]");
  let shown;
  function showChoices({ layers, sampler, padding }) {
    for (const box of boxes) put(box, "checked", layers[box.dataset.layer]);
    [String(layers.step), sampler ?? "", padding ?? ""].forEach((value, i) => put(selects[i], "value", value));
  }
  return {
    show() {
      for (const show of sliders) show(store.get().pose);
      showChoices(store.get());
    },
    changed(keys) {
      if (keys.includes("pose")) for (const show of sliders) show(store.get().pose);
      if (keys.some((key) => key === "layers" || key === "sampler" || key === "padding")) showChoices(store.get());
    },
    follow(frame) {
      const { transform } = frame;
      if (fitFrame(frame)) for (const show of sliders) show(store.get().pose);
      if (transform === shown) return;
      shown = transform;
      for (const control of ofTransformer) control.disabled = transform === null;
    },
  };
}

function attachSliders(root, store) {
  return [...root.querySelectorAll("input[data-pose]")].map((input) => {
    const part = input.dataset.pose;
    const [decimals, unit, signed] = SHOWN[part];
    const text = textIn(input.closest(".slider").querySelector("output .number"));
    const fill = styled(input, "--share");
    input.style.setProperty("--zero", (DEFAULTS.pose[part] - input.min) / (input.max - input.min));
    input.addEventListener("input", () => store.set({ pose: { [part]: Number(input.value) } }));
    input.addEventListener("dblclick", () => store.set({ pose: { [part]: DEFAULTS.pose[part] } }));
    unlessScrolled(input, () => store.get().pose[part], (before) => store.set({ pose: { [part]: before } }));
    return (pose) => {
      const value = pose[part];
      if (Number(input.value) !== value) input.value = value;
      const shown = t(unit, { value: number(value, decimals, signed) });
      fill((value - input.min) / (input.max - input.min));
      if (shown === text.data) return;
      write(text, shown);
      input.setAttribute("aria-valuetext", shown);
    };
  });
}

/** Networks have frames of different sizes, which set the range of the shift.
 *  -> fit(frame): whether the ranges have changed */
function attachFrameSize(root, store) {
  const shifts = root.querySelectorAll("input[data-pose^=shift]");
  const limited = (value, most) => Math.min(most, Math.max(-most, value));
  let known = 28;
  return ({ size, model }) => {
    if (size === known) return false;
    const [shift, corner] = [farthestShift(size), farthestCorner(size)];
    const narrower = size < known;
    known = size;
    for (const input of shifts) [input.min, input.max] = [-shift, shift];
    if (narrower && model === store.get().model) { // a digit outside the new frame is moved back into it
      const { shift_x, shift_y, corners } = store.get().pose;
      store.set({ pose: {
        shift_x: limited(shift_x, shift),
        shift_y: limited(shift_y, shift),
        corners: corners.map((point) => point.map((value) => limited(value, corner))),
      } });
    }
    return true;
  };
}

function attachPresets(root, store, http, spin) {
  for (const button of root.querySelectorAll("[data-draw]")) {
    button.addEventListener("click", async () => {
      spin.stop();
      try {
        const { pose, error } = await http.get(`stn/draw?distortion=${button.dataset.draw}`);
        if (error) store.emit("toast", { error });
        else store.set({ pose: { ...DEFAULTS.pose, ...pose } });
      } catch (error) {
        store.emit("toast", { error: problemOf(error) });
      }
    });
  }
  root.querySelector("#pose-reset").addEventListener("click", () => {
    spin.stop();
    store.set({ pose: { ...DEFAULTS.pose } });
  });
}

/** Rotates the digit until stopped, or until another control changes the rotation. */
function attachSpin(root, store) {
  const button = root.querySelector("#spin");
  let running = 0;
  let last = 0;
  let ownRotation = null; // the rotation that was set here

  function step(now) {
    const { rotation } = store.get().pose;
    if (ownRotation !== null && rotation !== ownRotation) return stop();
    const next = rotation + (SPIN * Math.min(now - last, 100)) / 1000;
    last = now;
    ownRotation = next > 180 ? next - 360 : next;
    running = requestAnimationFrame(step);
    store.set({ pose: { rotation: ownRotation } });
  }
  function stop() {
    cancelAnimationFrame(running);
    running = 0;
    ownRotation = null;
    button.setAttribute("aria-pressed", "false");
  }
  button.addEventListener("click", () => {
    if (running) return stop();
    button.setAttribute("aria-pressed", "true");
    last = performance.now();
    running = requestAnimationFrame(step);
  });
  return { stop };
}

function attachMore(root, store) {
  const button = root.querySelector("#more");
  const rows = root.querySelector("#more-pose");
  const open = (yes) => {
    rows.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
    button.dataset.i18n = yes ? "pose.less" : "pose.more";
    button.textContent = t(button.dataset.i18n);
  };
  button.addEventListener("click", () => open(rows.hidden));
  root.querySelector("#corners-reset").addEventListener("click", () => {
    store.set({ pose: { corners: DEFAULTS.pose.corners } });
  });
  root.querySelector("#elastic-new").addEventListener("click", () => {
    const { elastic } = store.get().pose;
    store.set({ pose: { elastic_seed: Math.floor(Math.random() * SEEDS), elastic: elastic || 1.5 } });
  });
}

function attachLayers(root, store) {
  for (const box of root.querySelectorAll("[data-layer]")) {
    box.addEventListener("change", () => store.set({ layers: { [box.dataset.layer]: box.checked } }));
  }
  const step = root.querySelector("#step");
  step.addEventListener("change", () => store.set({ layers: { step: Number(step.value) } }));
}
