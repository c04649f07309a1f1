// The map of the loss (rotation x scale around theta): requested over a separate connection, so that it does not delay frames.

import { whenBack } from "./again.js";
import { BUSY_PAUSE, question } from "./channel.js";
import { connect } from "./connection.js";
import { decode } from "./frame.js";

const CHANGES = ["source", "raw", "pose", "model", "grab", "sampler", "padding", "layers", "target"];
const PAUSE = 100; // ms from an answer to the next request: a map takes as long as several frames, and frames come first

/**
 * While the layer "landscape" is on, requests the map for the newest state, one at a time; answers are emitted as
 * store.emit("landscape", map), null if there is none, and then why: store.emit("unmapped", {code, message}). map: {target, rotation, scale: of theta; rotations, scales: of the
 * columns and rows; loss: Uint16Array in 1/1000 nat, row by row}.
 */
export function openMapChannel(store, { root, server }) {
  let line = null; // opened on first use
  let number = 0;
  let inFlight = false;
  let waiting = false;
  let paused = 0; // a timer, after an answer
  let cancel = () => {}; // of the request for a map whose files were not fetched

  function ask() {
    if (!store.get().layers.landscape) return;
    line ??= connect({ root, server, onOpen: again, onDown: lost, onFrame, onText, onStatus() {} });
    if (inFlight || paused || !line.ready()) {
      waiting = true;
      return;
    }
    waiting = false;
    inFlight = true;
    line.send(JSON.stringify({ ...question(store.get(), ++number), inspect: null, landscape: true }));
  }

  function again() {
    inFlight = false;
    ask();
  }
  function lost() {
    inFlight = false;
  }

  function onFrame(buffer) {
    const { landscape, loss } = decode(buffer);
    inFlight = false;
    paused = setTimeout(goOn, PAUSE);
    store.emit("landscape", landscape && store.get().layers.landscape ? { ...landscape, loss } : null);
  }

  function goOn() {
    paused = 0;
    if (waiting) ask();
  }

  function onText({ error }) {
    if (!error) return;
    inFlight = false;
    if (error.code === "busy") return void setTimeout(ask, BUSY_PAUSE);
    store.emit("landscape", null);
    store.emit("unmapped", error);
    cancel();
    if (error.code === "not_fetched") cancel = whenBack(ask);
    else if (waiting) ask();
  }

  store.subscribe((state, keys) => {
    if (!keys.some((key) => CHANGES.includes(key))) return;
    if (!state.layers.landscape) return store.emit("landscape", null);
    ask();
  });
  return { ask };
}
