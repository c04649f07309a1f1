/** Digits that are not drawn: uploaded, dropped, pasted, from the camera, or from the ready ones. */

import { answered } from "./ask.js";
import { attachCamera } from "./camera.js";
import { t } from "../../shared/i18n.js";
import { fromBase64 } from "../../shared/frame.js";
import { remember } from "./ready.js";
import { paintDigit } from "./strokes.js";

const MOST_BYTES = 20 * 1024 * 1024; // as the server
const THUMBNAIL = 56; // px

export function attachPicture(root, store, http) {
  const read = createReader(root, store, http);
  attachUpload(root, read);
  attachDrop(root, read);
  attachPaste(read);
  attachCamera(root, store, read);
  attachStrip(root, store, http);
}

const digitSource = ({ digit, label = null }) => ({ kind: "digit", digit, label });

/** read(file): the picture becomes the digit, or a sentence says why not. Of several under way the latest counts. */
function createReader(root, store, http) {
  const busy = root.querySelector("#upload");
  let newest = 0;
  let kept = null; // {file, source}: the picture on the pad, to be read again when its preparation is switched

  async function read(file) {
    const mine = ++newest;
    if (file.size > MOST_BYTES) return store.emit("toast", { key: "error.too_large_bytes" });
    busy.setAttribute("aria-busy", "true");
    const answer = await answered(store, http.post(`stn/picture?raw=${store.get().raw ? 1 : 0}`, file));
    if (mine !== newest) return;
    busy.removeAttribute("aria-busy");
    if (!answer) return;
    store.set({ source: digitSource(answer) });
    kept = { file, source: store.get().source };
  }
  store.subscribe((state, keys) => {
    if (keys.includes("raw") && !keys.includes("source") && kept && state.source === kept.source) read(kept.file);
  });
  return read;
}

function attachUpload(root, read) {
  const input = root.querySelector("#upload input");
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) read(file).finally(() => { input.value = ""; }); // so that the same file can be chosen again
  });
}

function attachDrop(root, read) {
  const pad = root.querySelector(".picture.pad");
  const hasFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  for (const name of ["dragenter", "dragover"]) {
    root.addEventListener(name, (event) => {
      if (!hasFile(event)) return;
      event.preventDefault(); // else the browser opens the picture instead of the page
      pad.classList.add("dropping");
    });
  }
  root.addEventListener("dragleave", (event) => {
    if (!root.contains(event.relatedTarget)) pad.classList.remove("dropping");
  });
  root.addEventListener("drop", (event) => {
    pad.classList.remove("dropping");
    if (!hasFile(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) read(file);
  });
}

function attachPaste(read) {
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    read(file);
  });
}

/** Ten ready digits and "random", of the set that is chosen. */
function attachStrip(root, store, http) {
  const strip = root.querySelector("#strip");
  const choice = Object.assign(document.createElement("select"), { id: "strip-set", hidden: true });
  root.querySelector("#random").before(choice);
  let sets = null;
  let buttons = [];
  let random = 0;

  function show() {
    if (!sets) return;
    const offered = Object.keys(sets).filter((name) => sets[name]);
    const chosen = choice.value || (sets.mnist ? "mnist" : "handwriting");
    choice.replaceChildren(...offered.map((name) =>
      Object.assign(document.createElement("option"), { value: name, textContent: t(`picture.${name}`) })));
    choice.value = chosen;
    choice.hidden = offered.length < 2;
    choice.setAttribute("aria-label", t("picture.set"));
    sets[chosen].forEach(remember);
    buttons = sets[chosen].map(thumbnail);
    strip.replaceChildren(...buttons);
    press();
  }

  /** Marks the button whose digit is on the pad. */
  function press() {
    const { digit } = store.get().source;
    for (const button of buttons) {
      const pressed = String(button.dataset.digit === digit);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
  }

  function thumbnail({ digit, label }) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "sample" });
    button.dataset.digit = digit;
    button.setAttribute("aria-label", t("digit.label", { label }));
    const canvas = Object.assign(document.createElement("canvas"), { width: THUMBNAIL, height: THUMBNAIL });
    paintDigit(canvas.getContext("2d"), new Uint8Array(fromBase64(digit)), THUMBNAIL);
    button.append(canvas);
    button.addEventListener("click", () => store.set({ source: digitSource({ digit, label }) }));
    return button;
  }

  async function load() {
    try {
      const answer = await http.get("stn/strip");
      if (!answer.error) sets = answer;
    } catch {
      // the status line says that there is no connection; with the next one it is asked again
    }
    show();
  }

  root.querySelector("#random").addEventListener("click", async () => {
    const mine = ++random;
    const answer = await answered(store, http.get(`stn/random?set=${choice.value || "handwriting"}`));
    if (!answer || mine !== random) return;
    remember(answer);
    store.set({ source: digitSource(answer) });
  });
  choice.addEventListener("change", show);
  store.on("lang", show);
  store.subscribe((_, keys) => keys.includes("source") && press());
  store.on("status", (status) => {
    if (!sets && status.state !== "reconnecting") load();
  });
  load();
}
