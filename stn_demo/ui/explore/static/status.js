// The status line: the current state of the server.

import { t } from "../../shared/i18n.js";

export function attachStatus(root, store) {
  const line = root.querySelector("#status");
  const text = root.querySelector("#status-text");
  const captions = ["pose", "theta", "warped"].map((name) => root.querySelector(`#${name}-caption`));
  let shown = null;
  let plain = false; // the current network has no transformer, so no frame
  delete text.dataset.i18n; // from now on its text is set here

  function show() {
    if (!shown) return;
    line.dataset.state = shown.state;
    const key = plain && shown.key === "status.ready" ? "status.ready.plain" : shown.key;
    const sentence = t(key, shown.args);
    if (text.textContent !== sentence) text.textContent = line.title = sentence;
  }
  let known = null; // the last status of the server, shown again after a reconnection
  store.on("status", (status) => {
    if (status.state !== "reconnecting" && status.state !== "here") known = status;
    shown = status;
    show();
  });
  store.on("frame", ({ transform }) => {
    if (plain !== (transform === null)) {
      plain = transform === null;
      for (const caption of captions) {
        const key = caption.id.replace("-", ".");
        caption.dataset.i18n = plain ? `${key}.plain` : key;
        caption.textContent = t(caption.dataset.i18n);
      }
      show();
    }
    if (shown?.state === "reconnecting" && known) {
      shown = known;
      show();
    }
  });
  store.on("lang", show);
}
