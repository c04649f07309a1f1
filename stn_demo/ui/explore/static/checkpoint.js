/**
 * The visitor's own checkpoints: "Open a checkpoint" uploads a file, and the stage shows its network; "Remove" removes the
 * current network from the server, if the visitor may do so.
 */

import { answered } from "./ask.js";
import { t } from "../../shared/i18n.js";
import { keepOpenedName, openedNames } from "./opened.js";

const MOST_BYTES = 16 * 1024 * 1024; // as the server

export async function attachCheckpoint(root, store, http) {
  const input = Object.assign(document.createElement("input"), {
    type: "file", accept: ".safetensors", hidden: true, id: "checkpoint-file",
  });
  const remove = Object.assign(document.createElement("button"), {
    type: "button", id: "remove-network", hidden: true, className: "lg secondary",
  });
  root.append(input);
  const open = () => document.querySelector("#upload-checkpoint");
  let removable = new Set();
  let before = null; // the network that was shown before the uploaded one

  function show() {
    const { model } = store.get();
    if (!remove.isConnected) open()?.after(remove);
    remove.hidden = !removable.has(model);
    remove.textContent = t("picker.remove");
    remove.setAttribute("aria-label", t("picker.remove.name"));
  }

  async function load() {
    const answer = await http.get("stn/network").catch(() => null);
    if (!answer || answer.error) return;
    window.stn.uploads = answer.own;
    removable = new Set([...answer.own, ...answer.saved]);
    show();
  }

  async function send(file) {
    if (file.size > MOST_BYTES) return store.emit("toast", { key: "error.network_too_large" });
    open()?.setAttribute("aria-busy", "true");
    const answer = await answered(store, http.post("stn/network", file));
    open()?.removeAttribute("aria-busy");
    if (!answer) return;
    before = store.get().model;
    window.stn.uploads = [answer.name, ...(window.stn.uploads ?? [])];
    removable.add(answer.name);
    keepOpenedName(answer.name, file.name);
    window.stn.setModel(answer.name);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#upload-checkpoint")) input.click();
  });
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    if (file) send(file);
  });
  remove.addEventListener("click", async () => {
    const { model, twin } = store.get();
    const answer = await answered(store, http.post("stn/network/remove", { name: model }));
    if (!answer) return;
    const others = [before, ...(window.stn.networks ?? [])].filter((name) => name && name !== model);
    window.stn.setModel(others[0]);
    if (twin === model) window.stn.setTwin(null);
    store.emit("toast", { key: "picker.removed", args: { name: openedNames()[model] ?? model } });
    load();
  });
  store.subscribe((_, keys) => keys.includes("model") && show());
  store.on("lang", show);
  store.on("status", (status) => status.state === "ready" && load());
  await load();
}
