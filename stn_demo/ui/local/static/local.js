// The server in this page: a worker that answers the channel's questions, and files in place of the routes beside it.

import { createRoutes } from "./routes.js";

/** root: base url of the page. -> {http, connect}, see shared/local.js. */
export function openLocal(root) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  const failed = new Set();
  worker.addEventListener("error", (event) => {
    for (const tell of failed) tell(event.message || "worker");
  });

  function line(onMessage) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = onMessage;
    worker.postMessage(root, [port2]);
    return port1;
  }

  /** As in shared/connection.js. */
  function connect({ onOpen, onFrame, onText, onStatus }) {
    let open = false;
    const fail = (message) => onStatus({ state: "failed", key: "status.failed", args: { message }, models: [] });
    failed.add(fail);
    const port = line(({ data }) => {
      if (typeof data !== "string") return onFrame(data);
      const { status, ...message } = JSON.parse(data);
      if (!status) return onText(message);
      onStatus(status);
      if (open || status.state !== "ready") return;
      open = true;
      onOpen();
    });
    return {
      ready: () => open,
      send: (text) => port.postMessage(text),
      close() {
        failed.delete(fail);
        port.close();
      },
    };
  }

  /** One question of its own: the frame as numbers, see engine.js. -> object, also of a refusal. */
  function numbers(question) {
    return new Promise((done) => {
      const port = line(({ data }) => {
        const message = JSON.parse(data);
        if (message.status) return;
        port.close();
        done(message);
      });
      port.postMessage(JSON.stringify({ ...question, numbers: true }));
    });
  }
  return { http: createRoutes(root, numbers), connect };
}
