// What answers while the server does not: the worker of local/, whose files the app hands out if it has them. They are
// fetched the first time that they are needed, and the worker stays for the next time.

const PAUSE = 3000; // ms before asking again for what is still being exported, or could not be reached

/**
 * root: base url of the app. needed(): whether the fallback is still needed. onReady() when the worker can answer;
 * onFrame(ArrayBuffer), onText(object).   -> {start(), ready(), send(text), close()}
 */
export function createSpare(root, { needed, onReady, onFrame, onText }) {
  let line = null;
  let timer = 0;
  let starting = false;
  let absent = false; // this app has no such files
  let closed = false;

  async function start() {
    clearTimeout(timer);
    if (absent || closed) return;
    if (line?.ready()) return onReady();
    if (starting || line) return;
    starting = true;
    const found = await fetch(new URL("stn/local/data/index.json", root)).catch(() => null);
    if (found?.ok) {
      try {
        await open();
      } catch (error) {
        console.warn(error); // the server stopped during the download
      }
    }
    starting = false;
    absent = found?.status === 404;
    if (!line && needed()) timer = setTimeout(start, PAUSE);
  }

  async function open() {
    const { openLocal } = await import(new URL("stn/local/static/local.js", root).href);
    line = openLocal(root).connect({ onOpen: onReady, onFrame, onText, onStatus: ({ state }) => state === "failed" && drop() });
  }

  function drop() {
    line?.close();
    line = null;
    if (needed()) timer = setTimeout(start, PAUSE);
  }

  return {
    start,
    ready: () => line?.ready() ?? false,
    send: (text) => line.send(text),
    close() {
      closed = true;
      clearTimeout(timer);
      line?.close();
    },
  };
}
