/** A checkpoint of the visitor's own: the button "Open a checkpoint" sends a file, and the stage shows its network. */

import { answered } from "./ask.js";

const MOST_BYTES = 64 * 1024 * 1024; // as the server

export function attachCheckpoint(root, store, http) {
  const input = Object.assign(document.createElement("input"), {
    type: "file", accept: ".safetensors", hidden: true, id: "checkpoint-file",
  });
  root.append(input);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#upload-checkpoint")) input.click();
  });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    if (!file) return;
    if (file.size > MOST_BYTES) return store.emit("toast", { key: "error.network_too_large" });
    const button = document.querySelector("#upload-checkpoint");
    button?.setAttribute("aria-busy", "true");
    const answer = await answered(store, http.post("stn/network", file));
    button?.removeAttribute("aria-busy");
    if (!answer) return;
    window.stn.mine = [...new Set([...(window.stn.mine ?? []), answer.name])];
    window.stn.setModel(answer.name);
  });
}
