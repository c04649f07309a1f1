// The fallback while the server does not answer: the worker of local/, whose files the app serves if it has exported them. They are
// fetched when they are needed, or before, while the visitor changes nothing; the worker is kept for the next time.

const PAUSE = 3000; // ms before asking again for what is still being exported, or could not be reached
const LATEST = /-latest(-twin)?$/; // a network that may change while it is trained

let here = null; // {index, server: see local.js}: the worker, one for all connections of the page

/**
 * root: base url of the app. needed(): whether the fallback is still needed. onReady() when the worker can answer;
 * onFrame(ArrayBuffer), onText(object).
 * -> {start(), prepare(text): fetch what is needed to answer this question here, if the app has exported it; exists(), ready(), send(text), close()}
 */
export function createSpare(root, { needed, onReady, onFrame, onText }) {
  let line = null;
  let timer = 0;
  let starting = false;
  let absent = false; // this app has no such files
  let closed = false;
  let prepared = null; // the last question to be prepared for
  const kept = new Set(); // names of networks that the worker has

  async function start(quiet = false) {
    clearTimeout(timer);
    if (absent || closed) return;
    if (line?.ready()) return onReady();
    if (starting || line) return;
    starting = true;
    try {
      if (!here) await load(quiet);
    } catch (error) {
      console.warn(error); // the server stopped during the download
    }
    if (here && !closed) line = here.server.connect({ onOpen, onFrame, onText, onStatus: ({ state }) => state === "failed" && drop() });
    starting = false;
    if (!line && needed()) timer = setTimeout(start, PAUSE);
  }

  async function load(quiet) {
    const found = await fetch(new URL(`stn/local/data/index.json${quiet ? "?quiet=true" : ""}`, root)).catch(() => null);
    absent = found?.status === 404;
    const index = found?.ok ? await found.json() : null;
    if (!index) return;
    const { openLocal } = await import(new URL("stn/local/static/local.js", root).href);
    here ??= { index, server: openLocal(root) };
  }

  function onOpen() {
    keep();
    onReady();
  }

  function drop() {
    line?.close();
    line = here = null;
    kept.clear();
    if (needed()) timer = setTimeout(start, PAUSE);
  }

  function prepare(text) {
    prepared = text;
    if (line?.ready()) keep();
    else if (!navigator.connection?.saveData) start(true);
  }

  /** The networks of the prepared question. The app knows how to run one that is not in the index. */
  async function keep() {
    if (!prepared || needed() || !here) return;
    const { model, twin } = JSON.parse(prepared);
    for (const name of [model, twin]) {
      if (!name || kept.has(name)) continue;
      const about = Object.hasOwn(here.index.networks, name) ? undefined : await entryOf(name);
      if (about === null || !line?.ready()) continue;
      line.send(JSON.stringify({ keep: name, about }));
      if (!LATEST.test(name)) kept.add(name);
    }
  }

  async function entryOf(name) {
    const answer = await fetch(new URL(`stn/local/network?name=${encodeURIComponent(name)}`, root)).catch(() => null);
    return answer?.ok ? answer.json() : null;
  }

  return {
    start: () => start(),
    prepare,
    exists: () => here !== null, // also while the server does not answer
    ready: () => line?.ready() ?? false,
    send: (text) => line.send(text),
    close() {
      closed = true;
      clearTimeout(timer);
      line?.close();
    },
  };
}
