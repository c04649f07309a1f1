// The visitor's digit from Explore, as the network sees it at this step of its training.

import { openChannel } from "../../shared/channel.js";
import { number, t } from "../../shared/i18n.js";
import { put } from "../../shared/node.js";
import { createBars } from "../../shared/probs.js";
import { go } from "../../shared/router.js";
import { createStore } from "../../shared/store.js";
import { createView } from "../../shared/view.js";
import { percent } from "./format.js";
import { isActive } from "./runs-model.js";

const LAYERS = { points: false, lines: true, region: true, density: false, step: 2 };
const SHARED = ["source", "raw", "pose"];

export function attachMine({ root, desk, base, stn }) {
  const at = (name) => root.querySelector(`#train-${name}`);
  const canvases = { "#view-input": at("view-input"), "#view-warped": at("view-warped") };
  const panel = root.querySelector(".mine");
  const spare = document.createElement("canvas");
  const view = createView({ querySelector: (id) => canvases[id] ?? spare });
  const bars = createBars(at("probs"));
  const [theta, twin, step, use] = ["theta", "twin", "mine-step", "use"].map(at);
  let store = null; // opened with the first network, which a request needs
  let channel = null;
  let shown = null; // the step of the last request for "latest"

  function sync() {
    const model = desk.network();
    if (!desk.visible || !model) return;
    const state = stn.store.get();
    const patch = { ...Object.fromEntries(SHARED.map((key) => [key, state[key]])), model, twin: desk.twin(), layers: LAYERS };
    if (store) return store.set(patch);
    store = createStore(patch);
    store.on("frame", draw);
    store.on("refused", () => {}); // deleted or thinned in the meantime; the next report says so
    store.on("toast", (toast) => desk.emit("toast", toast));
    channel = openChannel(store, { root: base });
  }

  function draw(frame) {
    if (!root.isConnected) return;
    view.draw(frame, LAYERS);
    bars.draw(frame.blank ? null : frame.probs, frame.names);
    theta.textContent = frame.theta.length ? `θ = ${words(frame)}` : t("train.mine.plain");
    theta.title = theta.textContent;
    const other = frame.twin_probs && !frame.blank ? Math.max(...frame.twin_probs) : null;
    twin.textContent = other === null ? "" : `${t("probs.plain")}: ${frame.twin_probs.indexOf(other)} · ${percent(other)}`;
    if (frame.startedAt) performance.measure("stn-rewind", { start: frame.startedAt, end: performance.now() });
    desk.emit("frame", frame);
    label();
  }

  /** A run that starts has no network yet: what is still on the screen is of the network before. */
  const isWaiting = () => Boolean(desk.id) && isActive(desk.run) && (!desk.network() || !store?.frame?.model.startsWith(`run-${desk.id}-`));

  function label() {
    const waiting = isWaiting();
    panel.toggleAttribute("data-waiting", waiting);
    const words = () => {
      if (waiting) return t("train.mine.starting");
      if (!desk.network()) return "";
      if (!desk.id) return t("train.mine.before");
      return desk.at === null ? t("train.mine.now") : t("train.mine.at", { step: desk.at });
    };
    put(step, "textContent", words());
    use.disabled = !desk.run?.steps;
  }

  use.addEventListener("click", () => {
    go({ page: "explore" });
    stn.store.set({ model: desk.network(), twin: desk.twin() ?? stn.store.get().twin, grab: null });
  });

  stn.store.subscribe((_, keys) => keys.some((key) => SHARED.includes(key)) && sync());
  desk.on("visible", sync);
  desk.on("preset", () => {
    sync();
    label();
  });
  desk.on("run", () => {
    shown = null;
    sync();
    label();
  });
  desk.on("at", () => {
    sync();
    label();
  });
  desk.on("news", () => {
    sync();
    if (desk.at === null && desk.run.step !== shown) channel?.ask();
    shown = desk.run.step;
    label();
  });
  desk.on("lang", () => {
    label();
    if (store?.frame) draw(store.frame);
  });
  new ResizeObserver(() => store?.frame && desk.visible && view.draw(store.frame, LAYERS)).observe(at("view-input"));
  label();
}

/** [1 0 0; 0 1 0], as many numbers as there is room for. */
function words({ theta, transform }) {
  const rows = transform === "affine" ? [theta.slice(0, 3), theta.slice(3)] : [theta.slice(0, 8)];
  const text = rows.map((row) => row.map((value) => number(value, 2)).join("  ")).join(" ;  ");
  return `[ ${text}${theta.length > 8 ? " …" : ""} ]`;
}
