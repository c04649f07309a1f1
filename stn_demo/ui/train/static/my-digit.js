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

export function attachMyDigit({ root, session, base, stn }) {
  const at = (name) => root.querySelector(`#train-${name}`);
  const canvases = { "#view-input": at("view-input"), "#view-warped": at("view-warped") };
  const panel = root.querySelector(".my-digit");
  const spare = document.createElement("canvas");
  const view = createView({ querySelector: (id) => canvases[id] ?? spare });
  const bars = createBars(at("probs"));
  const [theta, twin, step, use] = ["theta", "twin", "my-digit-step", "use"].map(at);
  let store = null; // opened with the first network, which a request needs
  let channel = null;
  let shown = null; // the step of the last request for "latest"
  let missing = false; // whether the network of this step was not downloaded

  function sync() {
    const model = session.network();
    if (!session.visible || !model) return;
    const state = stn.store.get();
    const patch = { ...Object.fromEntries(SHARED.map((key) => [key, state[key]])), model, twin: session.twin(), layers: LAYERS };
    if (store) return store.set(patch);
    store = createStore(patch);
    store.on("frame", draw);
    store.on("refused", () => {}); // deleted or thinned in the meantime; the next report shows this
    store.on("status", ({ key }) => {
      missing = key === "error.not_fetched";
      label();
    });
    store.on("toast", (toast) => session.emit("toast", toast));
    channel = openChannel(store, { root: base });
  }

  function draw(frame) {
    if (!root.isConnected) return;
    if (session.visible) view.draw(frame, LAYERS); // in a closed tab a canvas has no size
    bars.draw(frame.blank ? null : frame.probs, frame.names);
    theta.textContent = frame.theta.length ? `θ = ${words(frame)}` : t("train.my-digit.plain");
    theta.title = theta.textContent;
    const other = frame.twin_probs && !frame.blank ? Math.max(...frame.twin_probs) : null;
    twin.textContent = other === null ? "" : `${t("probs.plain")}: ${frame.twin_probs.indexOf(other)} · ${percent(other)}`;
    if (frame.startedAt) performance.measure("stn-rewind", { start: frame.startedAt, end: performance.now() });
    session.emit("frame", frame);
    missing = false;
    label();
  }

  /** A run that starts has no network yet: the screen still shows the previous one. */
  const isWaiting = () => Boolean(session.id) && isActive(session.run) && (!session.network() || !store?.frame?.model.startsWith(`run-${session.id}-`));

  function label() {
    const waiting = isWaiting() || missing;
    panel.toggleAttribute("data-waiting", waiting);
    const words = () => {
      if (missing) return t("train.my-digit.missing", { step: session.at ?? session.run?.step ?? 0 });
      if (waiting) return t("train.my-digit.starting");
      if (!session.network()) return "";
      if (!session.id) return t("train.my-digit.before");
      return session.at === null ? t("train.my-digit.now") : t("train.my-digit.at", { step: session.at });
    };
    put(step, "textContent", words());
    use.disabled = !session.run?.steps || missing;
  }

  use.addEventListener("click", () => {
    go({ page: "explore" });
    stn.store.set({ model: session.network(), twin: session.twin() ?? stn.store.get().twin, grab: null });
  });

  stn.store.subscribe((_, keys) => keys.some((key) => SHARED.includes(key)) && sync());
  session.on("visible", () => {
    sync();
    if (store?.frame && session.visible) view.draw(store.frame, LAYERS);
  });
  session.on("preset", () => {
    sync();
    label();
  });
  session.on("run", () => {
    shown = null;
    sync();
    label();
  });
  session.on("at", () => {
    sync();
    label();
  });
  session.on("progress", () => {
    sync();
    if (session.at === null && session.run.step !== shown) channel?.ask();
    shown = session.run.step;
    label();
  });
  session.on("lang", () => {
    label();
    if (store?.frame) draw(store.frame);
  });
  new ResizeObserver(() => store?.frame && session.visible && view.draw(store.frame, LAYERS)).observe(at("view-input"));
  label();
}

/** [1 0 0; 0 1 0], as many numbers as fit. */
function words({ theta, transform }) {
  const rows = transform === "affine" ? [theta.slice(0, 3), theta.slice(3)] : [theta.slice(0, 8)];
  const text = rows.map((row) => row.map((value) => number(value, 2)).join("  ")).join(" ;  ");
  return `[ ${text}${theta.length > 8 ? " …" : ""} ]`;
}
