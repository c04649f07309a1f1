/** The page's address holds its whole state: `#s=` and the state as JSON, in base64url. What comes in through an
 * address is checked by the server before anything on the page sees it.
 */

import { copyText } from "../../shared/clipboard.js";
import { has, t } from "../../shared/i18n.js";
import { lasting } from "../../shared/store.js";
import { coarsen } from "./strokes.js";

export const PREFIX = "#s=";
const PAUSE = 500; // ms that the hand has to rest before the address is written
const LONGEST_WAIT = 3000; // ms, while it does not rest
const LONGEST = 4000; // letters of an address that mail programs and messengers leave whole
const PEN = 60; // pad units: a drawing that loses more than its pen is wide is another drawing; then the link is long
const LONGEST_READ = 200_000;

export function attachLink(root, store, http) {
  let written = null; // the last hash that was written or read here
  let timer = 0;
  let due = 0; // when the address must be written at the latest; 0 if it is as it should be
  let reading = false;

  // ------------------------------------------------------------------ out
  function write() {
    clearTimeout(timer);
    due = 0;
    written = PREFIX + encode(store.get());
    history.replaceState(history.state, "", location.pathname + location.search + written);
  }
  store.subscribe((_, keys) => {
    if (reading || keys.every((key) => key === "inspect")) return;
    const now = performance.now();
    due ||= now + LONGEST_WAIT;
    clearTimeout(timer);
    timer = setTimeout(write, Math.max(0, Math.min(PAUSE, due - now)));
  });

  root.querySelector("#copy-link").addEventListener("click", async () => {
    write();
    if (await copyText(location.href)) store.emit("toast", { key: "link.copied" });
    else prompt(t("link.manual"), location.href);
  });

  // ------------------------------------------------------------------ in
  async function read() {
    const hash = location.hash;
    if (!hash.startsWith(PREFIX) || hash === written) return;
    written = hash;
    const before = store.get();
    let answer = null;
    try {
      answer = await http.post("stn/link", decode(hash));
    } catch (error) {
      // Without a connection nobody can check the link: it is read as soon as there is one.
      if (error instanceof Unreadable) return refuse();
      written = null;
      store.emit("toast", { key: "error.offline" });
      once(store, "status", (status) => status.state !== "reconnecting", read);
      return;
    }
    if (location.hash !== hash) return; // another link has come meanwhile
    if (!answer?.state || answer.problem || answer.error) return refuse(answer?.problem);
    if (before.source !== store.get().source) return; // who has begun to draw goes on drawing
    reading = true;
    store.set(answer.state);
    reading = false;
  }

  function refuse(problem) {
    history.replaceState(history.state, "", location.pathname + location.search);
    written = null;
    const known = problem && problem.code !== "bad_request" && has(`error.${problem.code}`);
    store.emit("toast", known ? { error: problem } : { key: "error.link" });
  }

  addEventListener("hashchange", read);
  read(); // not awaited: the pad works while the server looks at the link
}

class Unreadable extends Error {}

/** State -> base64url. A long drawing loses points, as few as it takes. */
export function encode(state) {
  const kept = lasting(state);
  for (let tolerance = 2; ; tolerance *= 1.5) {
    const text = toBase64Url(JSON.stringify(kept));
    if (text.length <= LONGEST || kept.source.kind !== "strokes" || tolerance > PEN) return text;
    kept.source = { ...kept.source, strokes: coarsen(state.source.strokes, tolerance) };
  }
}

function toBase64Url(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Hash -> the JSON text in it. Throws Unreadable. */
export function decode(hash) {
  if (hash.length > LONGEST_READ) throw new Unreadable();
  try {
    const bytes = atob(hash.slice(PREFIX.length).replace(/-/g, "+").replace(/_/g, "/"));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
    JSON.parse(text);
    return text;
  } catch {
    throw new Unreadable();
  }
}

function once(store, name, holds, then) {
  const end = store.on(name, (value) => {
    if (!holds(value)) return;
    end();
    then();
  });
}
