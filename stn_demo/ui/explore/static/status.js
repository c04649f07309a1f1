// The status line: what the server is doing at this moment.

import { t } from "../../shared/i18n.js";

export function attachStatus(root, store) {
  const line = root.querySelector("#status");
  const text = root.querySelector("#status-text");
  const caption = root.querySelector("#pose-caption");
  let shown = null;
  let plain = false; // the network on the stage has no transformer: there is no frame to watch
  delete text.dataset.i18n; // from here on its words come from here

  function show() {
    if (!shown) return;
    line.dataset.state = shown.state;
    const key = plain && shown.key === "status.ready" ? "status.ready.plain" : shown.key;
    const sentence = t(key, shown.args);
    if (text.textContent !== sentence) text.textContent = line.title = sentence;
  }
  let known = null; // what the server last said, to return to after a reconnection
  store.on("status", (status) => {
    if (status.state !== "reconnecting") known = status;
    shown = status;
    show();
  });
  store.on("frame", ({ transform }) => {
    if (plain !== (transform === null)) {
      plain = transform === null;
      caption.dataset.i18n = plain ? "pose.caption.plain" : "pose.caption";
      caption.textContent = t(caption.dataset.i18n);
      show();
    }
    if (shown?.state === "reconnecting" && known) {
      shown = known;
      show();
    }
  });
  store.on("lang", show);
}
