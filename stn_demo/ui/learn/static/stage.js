/** The live pictures of the lesson: a store and a channel of its own, so that a drawing on Explore does not change; drawn by
 * the same modules as Explore. */

import { layout } from "../../explore/static/theta-matrix.js";
import { createCalls } from "../../shared/calls.js";
import { openChannel } from "../../shared/channel.js";
import { createDescent } from "../../shared/descent.js";
import { number, t } from "../../shared/i18n.js";
import { createLandscape } from "../../shared/landscape.js";
import { openMapChannel } from "../../shared/map-channel.js";
import { bestName, createBars } from "../../shared/probs.js";
import { createStore } from "../../shared/store.js";
import { createViews } from "../../shared/view.js";
import { createMarks } from "./marks.js";

/** Layers that would show an answer: hidden while the visitor is to predict it. */
export const HIDDEN = { region: false, lines: false, points: false, gradient: false };

/** root: of the page; base: url of the app; first: initial state of the store. -> see the object at the end. */
export function createStage(root, base, first) {
  const at = (name) => root.querySelector(`#learn-${name}`);
  const store = createStore(first);
  const server = createCalls(base);
  const channel = openChannel(store, { root: base, server });
  openMapChannel(store, { root: base, server });
  const view = createViews({ input: at("view-input"), warped: at("view-warped") });
  const bars = [createBars(at("probs")), createBars(at("twin"))];
  const landscape = createLandscape(at("landscape"));
  const mapBox = root.querySelector("[data-show=landscape]");
  const marks = createMarks(at("marks-input"), at("marks-warped"));
  const descent = createDescent(store, redraw);
  const theta = root.querySelector("[data-show=theta] span");
  const flow = [...root.querySelectorAll("[data-light]")];
  let covered = []; // hidden, because the visitor is to predict it: "region", "theta", "warped"
  let map = null;
  let models = []; // the server's descriptions of its networks
  store.on("status", (status) => {
    models = status.models ?? models;
  });

  function draw(frame) {
    const { layers } = store.get();
    view.draw(frame, covered.includes("region") ? { ...layers, ...HIDDEN } : layers);
    bars[0].draw(frame.probs, frame.names);
    bars[1].draw(frame.twin_probs, frame.twin_names);
    for (const name of ["reads", "probs"]) at(name).classList.toggle("nets", frame.transform !== null);
    at("reads").textContent = reads("learn.reads", frame.probs, frame.names, frame.transform !== null);
    at("twin-reads").textContent = frame.twin_probs ? reads("learn.reads", frame.twin_probs, frame.twin_names, false) : "";
    theta.textContent = covered.includes("theta") || !frame.theta.length ? "?" : matrix(frame);
    for (const card of flow) card.querySelector(".number").textContent = card.dataset.lit ? t(`learn.flow.${card.dataset.light}.number`, flowNumbers(frame)) : "";
    marks.draw(frame);
    mapBox.classList.toggle("covered", !layers.landscape || !map); // until the reveal
    if (layers.landscape) landscape.draw(map, frame, descent.path);
  }
  function redraw() {
    if (store.frame) draw(store.frame);
  }
  store.on("frame", (frame) => {
    draw(frame);
    if (frame.startedAt) performance.measure("stn-lesson", { start: frame.startedAt, end: performance.now() });
  });
  store.on("landscape", (found) => {
    map = found;
    redraw();
  });
  store.subscribe((_, keys) => keys.includes("layers") && redraw());
  new ResizeObserver(redraw).observe(root.querySelector(".lesson-stage"));

  return {
    store,
    channel,
    descent,
    redraw,
    models: () => models,
    /** Emits the newest frame again. */
    again: () => store.frame && store.emit("frame", { ...store.frame, startedAt: 0 }),
    marks,
    frameOf: (question) => server.frame(JSON.stringify(question)),
    /** Sets what is hidden until the reveal. */
    cover(names) {
      covered = names;
      root.querySelector("[data-show=warped]").classList.toggle("covered", names.includes("warped"));
      redraw();
    },
    /** Highlights the three parts up to and including this one; null: none. */
    light(name) {
      const last = flow.findIndex((card) => card.dataset.light === name);
      flow.forEach((card, index) => {
        card.dataset.lit = index <= last ? (index === last ? "now" : "yes") : "";
        if (!card.dataset.lit) delete card.dataset.lit;
      });
      redraw();
    },
    /** The next frame for which holds(frame); rejects if the visitor leaves the stop. */
    until: (holds, signal) => awaited(store, "frame", holds, signal),
    /** The next map of the loss. */
    mapOf: (signal) => awaited(store, "landscape", () => true, signal),
  };
}

/** The next event of this name for which holds(value); rejects when the signal aborts. */
function awaited(store, name, holds, signal) {
  return new Promise((found, gone) => {
    const end = store.on(name, (value) => {
      if (!holds(value)) return;
      end();
      found(value);
    });
    signal.addEventListener("abort", () => {
      end();
      gone(signal.reason);
    }, { once: true });
  });
}

function reads(key, probs, names, transformer) {
  const share = Math.max(...probs);
  const kind = t(transformer ? "learn.with" : "learn.without");
  return t(key, { kind, digit: bestName(probs, names), percent: number(share < 1 ? Math.min(share * 100, 99.9) : 100, share < 1 ? 1 : 0) });
}

/** The rows of theta, as in the paper. */
function matrix({ theta, transform }) {
  const { columns, cells } = layout(theta, transform);
  const rows = [];
  for (let i = 0; i < cells.length; i += columns) rows.push(cells.slice(i, i + columns).map((v) => number(v, 2)).join("  "));
  return `[ ${rows.join(" ;  ")} ]`;
}

const flowNumbers = ({ theta, output, undone }) => ({
  count: theta.length, points: output * output, output, turn: undone ? number(undone.rotation, 0, true) : "–",
});
