// The worker that replaces the server: each port is a connection with the messages of stn/live.

import { encode, encodeMap, encodePictures } from "./encode.js";
import { createEngine } from "./engine.js";
import { unpacked } from "./graphs.js";
import { Refused } from "./refused.js";

const engines = new Map(); // base url -> promise of an engine

/** data: {root, early: whether a frame comes in two messages, the pictures first}. */
self.onmessage = ({ data: { root, early }, ports: [port] }) => {
  if (!engines.has(root)) engines.set(root, createEngine(root));
  serve(port, engines.get(root), early);
};

function serve(port, opening, early) {
  const tell = (status) => port.postMessage(JSON.stringify({ status }));
  tell({ state: "loading", key: "status.loading", args: {}, models: [] });
  opening.then(
    (engine) => {
      port.onmessage = ({ data }) => answer(port, engine, data, early);
      tell({ state: "ready", key: "status.ready", args: {}, models: engine.infos });
    },
    (error) => tell({ state: "failed", key: "status.failed", args: { message: String(error.message ?? error) }, models: [] }),
  );
}

/** data: the question as JSON text, or {text, found: see ahead.js}. */
async function answer(port, engine, data, early) {
  const question = JSON.parse(data.text ?? data);
  const found = data.found ? unpacked(data.found) : null;
  try {
    if (question.fetched) return port.postMessage(JSON.stringify(performance.getEntriesByType("resource").map(({ name }) => name)));
    if (question.keep) return void engine.keep(question).catch(() => {}); // tried again when it is needed
    if (question.numbers) return port.postMessage(JSON.stringify(await engine.numbers(question)));
    if (question.landscape) return send(port, encodeMap(await engine.landscape(question)));
    const first = early && !question.gradient; // the arrows of the gradient belong to the pictures
    const tell = first && !found ? (one) => send(port, encodePictures(one)) : null;
    send(port, encode(await engine.frame(question, tell, found), first));
  } catch (error) {
    const code = error instanceof Refused ? error.code : "worker";
    if (code === "worker") console.error(error);
    port.postMessage(JSON.stringify({ id: question.id ?? 0, error: { code, message: String(error.message ?? error) } }));
  }
}

function send(port, message) {
  port.postMessage(message, [message]);
}
