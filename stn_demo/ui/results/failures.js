// The gallery: what the network got, what its transformer made of it, and what it said. Each opens in Explore as it is.

import { errorText, number, t } from "../stage/i18n.js";
import { addressOf, openExplore, stateOf } from "./explore.js";

export function attachFailures({ root, http, stn }) {
  const list = root.querySelector("#results-failures");
  const says = root.querySelector("#results-failures-says");
  let pair = null;
  let gallery = null;

  return function draw(report) {
    const other = report.pair.name !== pair?.name || report.pair.sha256 !== pair?.sha256;
    pair = report.pair;
    if (other) {
      gallery = null;
      ask();
    }
    show();
  };

  async function ask() {
    const mine = pair;
    list.replaceChildren();
    let answer;
    try {
      answer = await http.get(`stn/results/failures?network=${mine.name}&twin=${mine.twin ?? ""}`);
    } catch {
      answer = { error: { code: "offline" } };
    }
    if (mine.name !== pair.name) return;
    gallery = answer;
    show();
  }

  function show() {
    says.textContent = sentence();
    list.setAttribute("aria-busy", String(!gallery));
    list.replaceChildren(...(gallery?.failures ?? []).map(card));
    list.dataset.pair = gallery ? pair.name : "";
  }

  function sentence() {
    if (!gallery) return "";
    if (gallery.error) return errorText(gallery.error);
    if (!gallery.set) return t("results.failures.clutter");
    const args = { shown: gallery.failures.length, looked: gallery.looked_at.toLocaleString("en"), set: t(`results.set.${gallery.set}`) };
    return t("results.says.failures", args);
  }

  function card(failure) {
    const state = stateOf(failure, pair, stn.store.get().lang);
    const link = Object.assign(document.createElement("a"), { href: addressOf(state), className: "failure" });
    const percent = number(100 * failure.confidence, 0);
    const args = { label: failure.label, answer: failure.answer, percent, twin: failure.twin_answer ?? "–" };
    const right = failure.twin_answer === failure.label;
    link.append(
      picture(failure.input),
      picture(failure.warped),
      words("b", t("results.failure.answer", args)),
      words("small", t("results.failure.sure", args)),
      ...(failure.twin_answer === null ? [] : [words("small", t("results.failure.twin", args), right ? "right" : "")]),
    );
    link.setAttribute("aria-label", `${t("results.failure.answer", args)}, ${t("results.failure.sure", args)}. ${t("results.failure.open")}`);
    link.title = t("results.failure.open");
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into a tab of its own, by its address
      event.preventDefault();
      stn.store.set(state);
      openExplore();
    });
    const item = document.createElement("li");
    item.append(link);
    return item;
  }
}

const words = (tag, textContent, className = "") => Object.assign(document.createElement(tag), { textContent, className });

/** A square grey picture, a byte a pixel, base64. */
function picture(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const side = Math.sqrt(bytes.length);
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const image = new ImageData(side, side);
  bytes.forEach((value, index) => image.data.set([value, value, value, 255], 4 * index));
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
