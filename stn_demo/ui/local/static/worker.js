// The worker that replaces the server: each port is a connection with the messages of stn/live.

import { encode, encodeMap } from "./encode.js";
import { createEngine } from "./engine.js";
import { Refused } from "./refused.js";

const engines = new Map(); // base url -> promise of an engine

self.onmessage = ({ data: root, ports: [port] }) => {
  if (!engines.has(root)) engines.set(root, createEngine(root));
  serve(port, engines.get(root));
};

function serve(port, opening) {
  const tell = (status) => port.postMessage(JSON.stringify({ status }));
  tell({ state: "loading", key: "status.loading", args: {}, models: [] });
  opening.then(
    (engine) => {
      port.onmessage = ({ data }) => answer(port, engine, data);
      tell({ state: "ready", key: "status.ready", args: {}, models: engine.infos });
    },
    (error) => tell({ state: "failed", key: "status.failed", args: { message: String(error.message ?? error) }, models: [] }),
  );
}

async function answer(port, engine, text) {
  const question = JSON.parse(text);
  try {
    if (question.fetched) return port.postMessage(JSON.stringify(performance.getEntriesByType("resource").map(({ name }) => name)));
    if (question.keep) return void engine.keep(question).catch(() => {}); // tried again when it is needed
    if (question.numbers) return port.postMessage(JSON.stringify(await engine.numbers(question)));
    const message = question.landscape ? encodeMap(await engine.landscape(question)) : encode(await engine.frame(question));
    port.postMessage(message, [message]);
  } catch (error) {
    const code = error instanceof Refused ? error.code : "worker";
    if (code === "worker") console.error(error);
    port.postMessage(JSON.stringify({ id: question.id ?? 0, error: { code, message: String(error.message ?? error) } }));
  }
}
