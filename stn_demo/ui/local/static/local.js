// Replaces the server: a worker answers the channel's requests, and files replace the other routes.

import { createRoutes } from "./routes.js";
import { openAhead } from "./open-ahead.js";

/** root: base url of the page. -> {http, connect, calls}, see shared/local.js; fetched(): promise of the addresses of the worker's files;
 *  quicken(): from now on ahead.js computes the pictures that it can. */
export function openLocal(root) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  const failed = new Set();
  let ahead = null;
  let newest = ""; // question
  worker.addEventListener("error", (event) => {
    for (const tell of failed) tell(event.message || "worker");
  });

  function line(onMessage, early) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = onMessage;
    worker.postMessage({ root, early }, [port2]);
    return port1;
  }

  /** As in shared/connection.js. */
  function connect({ onOpen, onFrame, onText, onStatus }) {
    let [open, closed] = [false, false];
    let previewed = {}; // {text: question, pictures: as in ahead.js}
    const fail = (message) => onStatus({ state: "failed", key: "status.failed", args: { message }, models: [] });
    failed.add(fail);
    const port = line(({ data }) => {
      if (typeof data !== "string") {
        ahead?.prepare(newest);
        return onFrame(data);
      }
      const { status, ...message } = JSON.parse(data);
      if (!status) return onText(message);
      onStatus(status);
      if (open || status.state !== "ready") return;
      open = true;
      onOpen();
    }, true);
    async function send(text) {
      newest = text;
      const first = await pictures(text);
      if (closed) return;
      port.postMessage(first ? { text, found: first.found } : text);
      if (first) onFrame(first.message);
    }
    /** The pictures for the next question, before the answer to the one in flight. */
    async function preview(question) {
      if (!ahead?.suffices(question)) return;
      const text = JSON.stringify(question);
      const first = await pictures(text);
      if (first && text === previewed.text && !closed) onFrame(first.message);
    }
    function pictures(text) {
      if (previewed.text !== text) previewed = { text, pictures: ahead?.pictures(text) };
      return previewed.pictures;
    }
    return {
      ready: () => open,
      send,
      preview,
      close() {
        closed = true;
        failed.delete(fail);
        port.close();
      },
    };
  }

  /** One request over a port of its own. -> ArrayBuffer, or the JSON text of an error or of numbers. */
  function asked(text) {
    return new Promise((done, failed) => {
      const port = line(({ data }) => {
        const status = typeof data === "string" && JSON.parse(data).status;
        if (status && status.state !== "failed") return;
        port.close();
        if (status) failed(new TypeError(status.args.message));
        else done(data);
      }, false);
      port.postMessage(text);
    });
  }
  /** The frame as numbers, see engine.js. -> object, also for an error. */
  const numbers = async (question) => JSON.parse(await asked(JSON.stringify({ ...question, numbers: true })));
  const calls = { frame: asked, status: async () => JSON.stringify({ status: { state: "ready", key: "status.ready", args: {}, models: [] } }) };
  const fetched = async () => JSON.parse(await asked(JSON.stringify({ fetched: true }))); // the addresses of the worker's files
  const quicken = () => {
    ahead = openAhead(root);
    if (newest) ahead.prepare(newest);
  };
  return { http: createRoutes(root, numbers), connect, calls, fetched, quicken };
}
