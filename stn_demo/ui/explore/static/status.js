// The status line: the current state of the server.

import { t } from "../../shared/i18n.js";

export function attachStatus(root, store) {
  const line = root.querySelector("#status");
  const text = root.querySelector("#status-text");
  const captions = ["pose", "theta", "warped"].map((name) => root.querySelector(`#${name}-caption`));
  const ofDigits = ["digit.title", "digit.caption", "pad.hint", "hands.pose"].map((key) => [root.querySelector(`[data-i18n="${key}"]`), key]);
  let shown = null;
  let plain = false; // the current network has no transformer, so no frame
  let own = false; // its classes are not the digits
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
  store.on("frame", ({ transform, names }) => {
    if (plain !== (transform === null)) {
      plain = transform === null;
      for (const caption of captions) {
        const key = caption.id.replace("-", ".");
        rename(caption, plain ? `${key}.plain` : key);
      }
      show();
    }
    if (own !== (names !== null)) {
      own = names !== null;
      for (const [node, key] of ofDigits) rename(node, own ? `${key}.own` : key);
    }
    if (shown?.state === "reconnecting" && known) {
      shown = known;
      show();
    }
  });
  store.on("lang", show);
}

function rename(node, key) {
  node.dataset.i18n = key;
  node.textContent = t(key);
}
