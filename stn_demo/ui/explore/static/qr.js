/** A QR code of the current state, or of the current place of another page, with an address that other machines can reach. The server creates it. */

import { openDialog } from "../../shared/dialog.js";
import { onLanguage, t } from "../../shared/i18n.js";
import { problemOf } from "../../shared/offline.js";
import { format } from "../../shared/route.js";
import { route } from "../../shared/router.js";
import { valuesOf } from "./address.js";

const LONGEST = 1200; // characters of a drawing; a larger code could not be scanned from the back row

export function attachQr(root, store, http) {
  const dialog = root.querySelector("#qr-dialog");
  const [picture, address, words] = ["picture", "address", "words"].map((name) => root.querySelector(`#qr-${name}`));

  let answer = null;
  const say = () => {
    if (answer) words.textContent = t(answer.error ? "qr.static" : answer.svg ? `qr.${answer.reach}` : "qr.long", answer);
  };
  onLanguage(say);

  async function show() {
    const { page, place, options, values: { scene } } = route();
    const values = page !== "explore" ? {} : scene ? { scene } : valuesOf(store.get(), LONGEST);
    const hash = format({ page, place, options, values });
    try {
      answer = await http.post("stn/qr", { page: location.origin + location.pathname, hash });
    } catch (error) {
      answer = { error: problemOf(error) };
    }
    picture.innerHTML = answer.svg ?? ""; // an SVG element created by the server
    picture.hidden = !answer.svg;
    address.textContent = address.href = answer.address ?? location.href;
    say();
    openDialog(dialog);
  }
  root.querySelector("#qr").addEventListener("click", show);
  root.querySelector("#qr-close").addEventListener("click", () => dialog.close());
}
