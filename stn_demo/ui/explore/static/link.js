/** The address holds the current state. It is written after a pause in the input and when the page is hidden, and read when
 * the page opens, when a link is followed and when Back returns to an earlier state. */

import { copyText } from "../../shared/clipboard.js";
import { has, t } from "../../shared/i18n.js";
import { Offline } from "../../shared/offline.js";
import { beforeLeaving, note, onRoute, route } from "../../shared/router.js";
import { Unreadable, holdsState, textOf, valuesOf } from "./address.js";
import { stateOfScene } from "./scenes-data.js";

const PAUSE = 500; // ms without a change before the address is written
const LONGEST_WAIT = 3000; // ms, while changes continue

/** Resolves once the address is read, or once it is known that it cannot be read yet. */
export function attachLink(root, store, http) {
  const writer = createWriter(store);
  const read = createReader(store, http, writer);
  root.querySelector("#copy-link").addEventListener("click", async () => {
    writer.write();
    if (await copyText(location.href)) store.emit("toast", { key: "link.copied" });
    else prompt(t("link.manual"), location.href);
  });
  onRoute(read);
  read(); // not awaited: the pad works while the server looks at the link
}

/** -> {write(): now; flush(): now if it is due; quietly(values, set): a change that the address already holds} */
function createWriter(store) {
  let timer = 0;
  let due = 0; // latest time to write the address; 0 if it is up to date
  let quiet = false;
  const writer = {
    written: "", // the state in the address, as JSON
    reading: 0, // number of links being checked; until then the address is not written
    write() {
      clearTimeout(timer);
      if (writer.reading) {
        timer = setTimeout(writer.write, PAUSE);
        return;
      }
      due = 0;
      const values = valuesOf(store.get());
      writer.written = JSON.stringify(values);
      note({ values });
      store.emit("address", values);
    },
    flush: () => due && writer.write(),
    quietly(values, set) {
      clearTimeout(timer);
      due = 0;
      writer.written = JSON.stringify(values);
      quiet = true;
      set();
      quiet = false;
    },
  };
  store.subscribe((_, keys) => {
    if (quiet || keys.every((key) => key === "inspect")) return;
    const now = performance.now();
    due ||= now + LONGEST_WAIT;
    clearTimeout(timer);
    timer = setTimeout(writer.write, Math.max(0, Math.min(PAUSE, due - now)));
  });
  beforeLeaving(writer.flush);
  document.addEventListener("pointerup", () => setTimeout(writer.flush)); // a finished gesture is written at once
  document.addEventListener("visibilitychange", () => document.hidden && writer.flush());
  return writer;
}

function createReader(store, http, writer) {
  return async function read() {
    const { values } = route();
    const asked = JSON.stringify(values);
    if (asked === writer.written || !(values.scene || holdsState(values))) return;
    writer.written = asked;
    const before = store.get();
    let answer;
    writer.reading += 1;
    try {
      answer = await checked(values, http);
    } catch (error) {
      if (error instanceof Unreadable) return refuse(store, writer);
      if (!(error instanceof Offline)) throw error;
      // Without a connection the link cannot be checked; it is read once there is one.
      writer.written = "";
      store.emit("toast", { key: "error.offline" });
      once(store, "status", (status) => status.state !== "reconnecting", read);
      return;
    } finally {
      writer.reading -= 1;
    }
    if (JSON.stringify(route().values) !== asked) return; // another link has been opened in the meantime
    if (answer.problem) return refuse(store, writer, answer.problem);
    if (before.source !== store.get().source) return; // the visitor has started to draw
    const { lang, ...state } = answer.state;
    writer.quietly(values, () => store.set(lang ? answer.state : state));
  };
}

/** -> {state} or {problem: {code, message}}. Throws Unreadable, or Offline without a connection. */
async function checked(values, http) {
  const { text, error } = values.scene ? await stateOfScene(values.scene, http) : await textOf(values, http);
  if (error) return { problem: error };
  const answer = await http.post("stn/link", text);
  if (answer?.state && !answer.problem && !answer.error) return { state: answer.state };
  return { problem: answer?.problem ?? answer?.error ?? { code: "bad_request" } };
}

/** The link cannot be shown: remove it from the address and say why. */
function refuse(store, writer, problem) {
  writer.written = "";
  note({ values: {} });
  const known = problem && problem.code !== "bad_request" && has(`error.${problem.code}`);
  store.emit("toast", known ? { error: problem } : { key: "error.link" });
}

function once(store, name, holds, then) {
  const end = store.on(name, (value) => {
    if (!holds(value)) return;
    end();
    then();
  });
}
