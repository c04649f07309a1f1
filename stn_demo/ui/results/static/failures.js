// The gallery: input of the network, output of its transformer, and its answer. Each opens in Explore.

import { whenBack } from "../../shared/again.js";
import { errorText, number, t } from "../../shared/i18n.js";
import { problemOf } from "../../shared/offline.js";
import { addressOf, openExplore, stateOf } from "./explore.js";

export function attachFailures({ root, http, stn }) {
  const list = root.querySelector("#results-failures");
  const says = root.querySelector("#results-failures-says");
  const whose = [...root.querySelectorAll("#results-whose button")];
  let pair = null;
  let gallery = null;
  let ofTwin = false; // whether the failures of the plain twin are shown, not the network's

  for (const button of whose) {
    button.addEventListener("click", () => {
      ofTwin = button.value === "twin";
      ask();
    });
  }

  return function draw(report) {
    const other = report.pair.name !== pair?.name || report.pair.sha256 !== pair?.sha256;
    pair = report.pair;
    ofTwin &&= Boolean(pair.twin);
    if (other) ask();
    else show();
  };

  async function ask() {
    const query = new URLSearchParams({ network: pair.name, twin: pair.twin ?? "", of: ofTwin ? pair.twin : pair.name });
    const asked = String(query);
    gallery = null;
    list.dataset.asked = asked;
    show();
    let answer;
    try {
      answer = await http.get(`stn/results/failures?${asked}`);
    } catch (error) {
      answer = { error: problemOf(error) };
      whenBack(() => list.dataset.asked === asked && ask());
    }
    if (list.dataset.asked !== asked) return; // others have been requested in the meantime
    gallery = answer;
    show();
  }

  function show() {
    for (const button of whose) button.setAttribute("aria-pressed", String((button.value === "twin") === ofTwin));
    whose[0].parentElement.hidden = !pair.twin;
    list.setAttribute("aria-busy", String(!gallery));
    list.dataset.pair = gallery ? pair.name : "";
    if (!gallery) return; // the old content stays until then, so that the page does not jump
    says.textContent = sentence();
    list.replaceChildren(...(gallery.failures ?? []).map(card));
  }

  function sentence() {
    if (gallery.error) return errorText(gallery.error);
    if (!gallery.set) return t("results.failures.clutter");
    const args = { shown: gallery.failures.length, looked: gallery.looked_at.toLocaleString("en"), set: t(`results.set.${gallery.set}`) };
    return t("results.says.failures", args);
  }

  function card(failure) {
    const state = stateOf(failure, pair, stn.store.get().lang);
    const link = Object.assign(document.createElement("a"), { href: addressOf(state), className: "failure" });
    const [answer, sure, other] = ofTwin
      ? [failure.twin_answer, failure.twin_confidence, failure.answer]
      : [failure.answer, failure.confidence, failure.twin_answer];
    const args = { label: failure.label, answer, percent: number(100 * sure, 0), other };
    const right = other === failure.label;
    link.append(
      picture(failure.input),
      picture(failure.warped),
      words("b", t("results.failure.answer", args)),
      words("small", t("results.failure.sure", args)),
      ...(other === null ? [] : [words("small", t(ofTwin ? "results.failure.net" : "results.failure.twin", args), right ? "right" : "")]),
    );
    link.append(words("span", t("results.failure.open"), "unseen"));
    link.title = t("results.failure.open");
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // opens in a new tab
      event.preventDefault();
      openExplore(stn.store, state);
    });
    const item = document.createElement("li");
    item.append(link);
    return item;
  }
}

const words = (tag, textContent, className = "") => Object.assign(document.createElement(tag), { textContent, className });

/** A square grey picture, one byte per pixel, base64. */
function picture(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const side = Math.sqrt(bytes.length);
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const image = new ImageData(side, side);
  bytes.forEach((value, index) => image.data.set([value, value, value, 255], 4 * index));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
