/** Digits that are not drawn: from a picture (upload.js), or ready digits from the server. */

import { answered } from "./ask.js";
import { t } from "../../shared/i18n.js";
import { fromBase64 } from "../../shared/frame.js";
import { remember } from "./ready.js";
import { paintDigit } from "./strokes.js";
import { attachUpload } from "./upload.js";

const THUMBNAIL = 56; // px

export function attachPicture(root, store, http) {
  attachUpload(root, store, http);
  attachStrip(root, store, http);
}

const digitSource = ({ digit, label = null }) => ({ kind: "digit", digit, label });

/** Ten ready digits and "random", from the chosen set. */
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
      // no connection, which the status line shows; requested again after reconnecting
    }
    show();
  }

  root.querySelector("#random").addEventListener("click", async () => {
    const request = ++random;
    const answer = await answered(store, http.get(`stn/random?set=${choice.value || "handwriting"}`));
    if (!answer || request !== random) return;
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
