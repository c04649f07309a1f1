/** Uploads a picture that is chosen, dropped, pasted, or taken with the camera. The server reads it; uploaded.js shows the
 * result. */

import { problemOf } from "../../shared/offline.js";
import { attachCamera } from "./camera.js";
import { attachUploaded } from "./uploaded.js";
import { isWhole } from "./whole.js";

const MOST_BYTES = 20 * 1024 * 1024; // as the server

export function attachUpload(root, store, http) {
  const read = createReader(root, store, http, attachUploaded(root, store, http));
  attachChoice(root, read);
  attachDrop(root, read);
  attachPaste(read);
  attachCamera(root, store, read);
}

/** read(file): the picture becomes the digit, or an error message is shown. If several are being read, the latest counts. */
function createReader(root, store, http, uploaded) {
  const busy = root.querySelector("#upload");
  let newest = 0;
  let kept = null; // the file, to be read again when its preparation is switched
  let taken = null; // the source that resulted from it
  let readFor = ""; // the network at that time

  async function read(file) {
    const request = ++newest;
    if (file.size > MOST_BYTES) return store.emit("toast", { key: "error.too_large_bytes" });
    busy.setAttribute("aria-busy", "true");
    let answer = null;
    const { raw, model } = store.get();
    try {
      answer = await http.post(`stn/picture?raw=${raw ? 1 : 0}&model=${encodeURIComponent(model ?? "")}`, file);
    } catch (error) {
      if (request === newest) store.emit("toast", { error: problemOf(error) });
    }
    if (request !== newest) return;
    busy.removeAttribute("aria-busy");
    if (!answer) return;
    if (answer.error) store.emit("toast", { error: answer.error });
    else store.set({ source: { kind: "digit", digit: answer.digit, label: null } });
    if (answer.found) uploaded.show(answer);
    if (answer.error) return;
    [kept, taken, readFor] = [file, store.get().source, model ?? store.frame?.model];
  }
  store.on("frame", (frame) => { // a network with its own classes gets the whole picture in its own size, other networks a digit
    if (!kept || frame.model === readFor || store.get().source !== taken) return;
    readFor = frame.model;
    if (frame.names || isWhole(taken)) read(kept);
  });
  store.subscribe((state, keys) => {
    if (!kept || !keys.includes("raw") || keys.includes("source")) return;
    if (state.source === taken || uploaded.isOpen()) read(kept);
  });
  return read;
}

function attachChoice(root, read) {
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
