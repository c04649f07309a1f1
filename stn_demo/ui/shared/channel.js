// Requests frames from the server: at most one request in flight, always for the newest state; the last state is always shown.

import { whenBack } from "./again.js";
import { decode, toBase64 } from "./frame.js";
import { connect } from "./connection.js";

/** State keys that change what Python answers. Of the layers only the read density and the gradient do. */
const ASKED = ["source", "raw", "pose", "model", "twin", "grab", "sampler", "padding", "layers", "inspect", "target"];
export const BUSY_PAUSE = 500; // ms before the next request to an overloaded server
const NOT_FETCHED = { state: "reconnecting", key: "error.not_fetched", args: {} };

/**
 * Requests a frame whenever the state changes; answers are emitted as store.emit("frame", frame), status messages of the
 * server as store.emit("status", {state, key, args, models}). The worker of local/ sends the pictures of a frame before the rest:
 * store.emit("pictures", part of a frame); `pictures` of that frame is then true. These pictures have the id of their frame, and may
 * come before the answer to the previous request. `startedAt` of a frame: the time of the newest change that it contains, ms; 0 if no
 * change caused the request. `lacksGradient`: whether the gradient was requested, but is not available here.
 */
export function openChannel(store, { root, server }) {
  let number = 0;
  let inFlight = null; // {id, startedAt, source, raw, gradient}
  let waiting = false; // the state has changed since the last request
  let changed = false; // ... by the visitor, so the answer is timed
  let shown = {}; // {buffer, pictures, id}: the newest pictures that came before their frame
  let prepared = null; // {source, raw, digit}: the digit that the server rendered from the strokes, so that they are sent once
  const askedLayers = ({ density, gradient }) => `${density} ${gradient}`;
  let layers = askedLayers(store.get().layers);
  let cancel = () => {}; // of the request for something that was not fetched

  const line = connect({ root, server, onOpen: again, onDown, onFrame, onText, onStatus });

  function ask() {
    if (inFlight || !line.ready()) {
      waiting = true;
      if (inFlight) line.preview?.(question(store.get(), number + 1, prepared));
      return;
    }
    waiting = false;
    cancel();
    const state = store.get();
    inFlight = {
      id: ++number,
      startedAt: changed ? store.changedAt : 0,
      source: state.source,
      raw: state.raw,
      gradient: state.layers.gradient,
    };
    changed = false;
    line.send(JSON.stringify(question(state, number, prepared)));
  }

  function again() {
    inFlight = null;
    ask();
  }

  function onDown(status = { state: "reconnecting", key: "status.reconnecting", args: {} }) {
    inFlight = null;
    waiting = true;
    store.emit("status", status);
  }

  function onFrame(buffer) {
    const message = buffer === shown.buffer ? shown.pictures : decode(buffer);
    if (message.pictures) return onPictures(buffer, message);
    if (message.id !== inFlight?.id) return; // an answer from before a reconnection
    const frame = { ...inFlight.early, ...message, startedAt: inFlight.startedAt };
    if (!frame.pictures) shown = {};
    frame.lacksGradient = inFlight.gradient && Boolean(frame.transform) && !frame.gradient;
    if (inFlight.source.kind === "strokes") {
      prepared = { source: inFlight.source, raw: inFlight.raw, digit: toBase64(frame.digit) };
    }
    inFlight = null;
    if (frame.lacksGradient) cancel = whenBack(ask);
    if (waiting) ask(); // before drawing, so that the server works at the same time
    store.emit("frame", frame);
  }

  /** The first of two messages, of the request in flight or of the next one. */
  function onPictures(buffer, pictures) {
    const ofNext = pictures.id === number + 1;
    if (!ofNext && pictures.id !== inFlight?.id) return;
    if (!ofNext) inFlight.early = pictures;
    if (!store.frame || buffer === shown.buffer || pictures.id < shown.id) return;
    shown = { buffer, pictures, id: pictures.id };
    const begun = changed ? store.changedAt : 0;
    store.emit("pictures", { ...pictures, startedAt: ofNext ? begun : inFlight.startedAt });
  }

  function onText(message) {
    if (!message.error || (message.id && message.id !== inFlight?.id)) return;
    inFlight = null;
    if (message.error.code === "busy") {
      waiting = true;
      setTimeout(ask, BUSY_PAUSE);
    } else if (message.error.code === "not_fetched") {
      waiting = true;
      store.emit("status", NOT_FETCHED);
      cancel();
      cancel = whenBack(ask);
    } else {
      store.emit("refused", message.error);
      if (waiting) ask();
    }
  }

  function onStatus(status) {
    store.emit("status", status);
    if (store.frame) ask(); // the network may have changed by training
  }

  store.subscribe((state, keys) => {
    if (!keys.some((key) => ASKED.includes(key))) return;
    if (keys.length === 1 && keys[0] === "layers" && askedLayers(state.layers) === layers) return;
    layers = askedLayers(state.layers);
    changed = true;
    ask();
  });
  /** Whether every change has been answered, or there is no connection. */
  const idle = () => !inFlight && (!waiting || !line.ready());
  return { ask, idle, close: line.close };
}

/** The request as JSON; stn/export and stn/code take the same. */
export function question(state, id = 0, prepared = null) {
  const known = prepared && prepared.source === state.source && prepared.raw === state.raw;
  return {
    id,
    source: known ? { kind: "digit", digit: prepared.digit, label: null } : state.source,
    raw: state.raw,
    pose: state.pose,
    model: state.model,
    twin: state.twin,
    grab: state.grab,
    sampler: state.sampler,
    padding: state.padding,
    density: state.layers.density,
    inspect: state.inspect,
    gradient: state.layers.gradient,
    target: state.target ?? state.source.label ?? null,
  };
}
