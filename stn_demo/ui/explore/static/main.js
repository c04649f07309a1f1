// Composes the stage: state, channel, pictures, controls. If one part fails, the others still work and the visitor is informed.

import { openChannel } from "../../shared/channel.js";
import { openMapChannel } from "../../shared/map-channel.js";
import { attachControls } from "./controls.js";
import { attachEmbedding } from "../../shared/embedding.js";
import { createCalls } from "../../shared/calls.js";
import { FIRST } from "./first.js";
import { sideOf } from "../../shared/frame.js";
import { createHttp } from "../../shared/http.js";
import { loadCatalogues, preferred, setLanguage, t } from "../../shared/i18n.js";
import { put } from "../../shared/node.js";
import { openedNames } from "./opened.js";
import { createBars, createReadout, createTitles } from "../../shared/probs.js";
import { attachTheme } from "./screen.js";
import { attachStatus } from "./status.js";
import { createStore } from "../../shared/store.js";
import { attachTabs } from "../../shared/tabs.js";
import { createTheta } from "./theta.js";
import { attachToast } from "../../shared/toast.js";
import { createLooks } from "./looks.js";
import { createVerdict } from "./verdict.js";
import { createView } from "../../shared/view.js";

const PARTS = [
  ["./pickers.js", "attachPickers"],
  ["./pad.js", "attachPad"],
  ["./picture.js", "attachPicture"],
  ["./handles.js", "attachHandles"],
  ["./inspector.js", "attachInspector"],
  ["./descent.js", "attachDescent"],
  ["./scenes.js", "attachScenes"],
  ["./lecture.js", "attachLecture"],
  ["./qr.js", "attachQr"],
  ["./export.js", "attachExport"],
  ["./checkpoint.js", "attachCheckpoint"],
];

/** Layers that reveal the answer. */
const ANSWERING = { region: false, lines: false, points: false, density: false, gradient: false };

/**
 * element: the component that holds explore.html; root: base url of the app, with a slash at the end.
 */
export async function start({ element, root: base }) {
  const root = element.querySelector(".stn");
  const http = createHttp(base);
  const store = createStore({ source: FIRST.source });
  store.set({ pose: FIRST.pose });
  attachToast(root, store);
  reportFailures(store);
  await loadCatalogues(http.get);
  setLanguage(preferred(), false);
  store.set({ lang: preferred() });

  const calls = createCalls(base);
  const channel = openChannel(store, { root: base, server: calls }); // first, so that the request is sent before anything else loads
  openMapChannel(store, { root: base, server: calls });
  attachTheme(root);
  attachLanguage(root, store);
  attachStatus(root, store);
  const controls = attachControls(root, store, http);
  drawFrames(root, store, controls);
  showRefusals(store);
  attachTabs(store);
  attachEmbedding();
  window.stn = {
    store,
    setModel: (model) => store.set({ model, grab: null }),
    setTwin: (twin) => store.set({ twin: twin || null }),
    refreshModels: channel.ask,
    idle: channel.idle,
  };

  await attach(root, store, http, ["./link.js", "attachLink"]); // the state from a link is set before the parts are created
  await Promise.all(PARTS.map((part) => attach(root, store, http, part)));
  store.on("frame", (frame) => { // registered last, after all drawing
    if (frame.startedAt) performance.measure("stn-update", { start: frame.startedAt, end: performance.now() });
    store.emit("drawn", frame);
  });
  controls.show();
  if (store.frame) store.emit("frame", { ...store.frame, startedAt: 0 }); // for the parts that were created after it arrived
  root.dataset.ready = "true";
}

async function attach(root, store, http, [file, name]) {
  try {
    const module = await import(file);
    await module[name](root, store, http);
  } catch (error) {
    console.error(error);
    store.emit("toast", { key: "error.module", args: { message: `${file}: ${error.message}` } });
  }
}

function drawFrames(root, store, controls) {
  const view = createView(root);
  const theta = createTheta(root, store);
  const verdict = createVerdict(root);
  const looks = createLooks(root);
  const titles = createTitles(root);
  const readout = createReadout(root);
  const prepared = root.querySelector(".model-digit p");
  const bars = [createBars(root.querySelector("#probs-stn")), createBars(root.querySelector("#probs-plain"))];
  let models = [];
  let covered = false; // in a lecture: the answer is hidden until the audience has guessed

  const drawPictures = (frame) => view.draw(frame, covered ? { ...store.get().layers, ...ANSWERING } : store.get().layers);

  function draw(frame) {
    theta.draw(frame);
    verdict.draw(frame, models, store.get().source?.label ?? null);
    looks.draw(frame);
    bars[0].draw(frame.blank ? null : frame.probs, frame.names);
    bars[1].draw(frame.blank ? null : frame.twin_probs, frame.twin ? frame.twin_names : frame.names);
    titles.draw(frame, models, openedNames());
    put(prepared, "textContent", t(wordsFor(frame), { channels: frame.channels, side: sideOf(frame.digit) }));
    readout.draw(frame);
    controls.follow(frame);
  }

  function redraw() {
    if (!store.frame) return;
    drawPictures(store.frame);
    draw(store.frame);
  }
  let early = 0; // the id of the frame whose pictures are drawn and came before it
  store.on("pictures", (pictures) => {
    drawPictures({ ...store.frame, ...pictures });
    early = pictures.id;
    if (pictures.startedAt) performance.measure("stn-pictures", { start: pictures.startedAt, end: performance.now() });
  });
  store.on("frame", (frame) => {
    if (!frame.pictures || frame.id > early) {
      early = 0;
      drawPictures(frame);
    }
    draw(frame);
  });
  store.on("lang", () => {
    controls.show();
    redraw();
  });
  store.on("covered", (on) => {
    covered = on;
    redraw();
  });
  store.on("status", (status) => {
    models = status.models ?? models;
  });
  store.subscribe((_, keys) => {
    controls.changed(keys);
    if (keys.includes("layers")) redraw();
  });
  new ResizeObserver(redraw).observe(root.querySelector(".panels"));
  matchMedia("print").addEventListener("change", redraw);
}

/** The key of the sentence about the network's input. */
function wordsFor({ channels, digit }) {
  if (digit.length === 784) return channels > 1 ? "digit.channels" : "digit.model";
  return Number.isInteger(Math.sqrt(digit.length)) ? "digit.picture" : "digit.colour";
}

function attachLanguage(root, store) {
  const select = root.querySelector("#lang");
  select.value = store.get().lang;
  select.addEventListener("change", () => {
    setLanguage(select.value);
    store.set({ lang: select.value });
  });
  store.subscribe(({ lang }, keys) => {
    if (!keys.includes("lang")) return;
    if (!lang) return store.set({ lang: preferred() }); // a link without a language: the browser's language applies
    select.value = lang;
    setLanguage(lang, false);
    store.emit("lang", lang);
  });
}

/** After a refused request the stage keeps its last frame and shows an error message. */
function showRefusals(store) {
  let good = null;
  let shownCode = null; // error code of the last message
  store.on("frame", ({ model, twin, incomparable }) => {
    good = { model, twin };
    shownCode = null;
    const { model: chosen, twin: compared } = store.get();
    if (chosen === undefined || compared === undefined) store.set({ model: chosen ?? model, twin: compared ?? twin });
    else if (incomparable && chosen === model && compared === incomparable) {
      store.set({ twin: null });
      store.emit("toast", { key: "picker.incomparable", args: { name: openedNames()[incomparable] ?? incomparable } });
    }
  });
  store.on("refused", (error) => {
    if (shownCode !== error.code) store.emit("toast", { error });
    shownCode = error.code;
    if (store.get().grab) store.set({ grab: null });
    else if (good && /model/.test(error.code)) store.set(good);
  });
}

/** Reports uncaught errors of the stage's own scripts to the visitor. */
function reportFailures(store) {
  const ours = (text) => /\/stn\/(explore|shared)\//.test(String(text ?? ""));
  const report = (error) => {
    store.emit("toast", { key: "error.module", args: { message: String(error?.message ?? error) } });
  };
  addEventListener("error", (event) => ours(event.filename) && report(event.error ?? event.message));
  addEventListener("unhandledrejection", (event) => ours(event.reason?.stack) && report(event.reason));
}
