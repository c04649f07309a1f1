// The probabilities of the classes, for the network and for its plain twin on the same picture.

import { number, t } from "./i18n.js";
import { put, styled, textIn, write } from "./node.js";

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
const MOST = 10; // bars; with more classes, those of the most probable

/** The name of the most probable class; names: those of the frame, null if the classes are the digits. */
export function bestName(probs, names) {
  return (names ?? DIGITS)[probs.indexOf(Math.max(...probs))];
}

/** Bars in a list, ten at most; the nodes are created once and updated later. -> {draw(probs | null, names?)} */
export function createBars(list) {
  const rows = DIGITS.map((digit) => {
    const row = document.createElement("li");
    const [name, bar, value] = ["span", "i", "span"].map((tag) => row.appendChild(document.createElement(tag)));
    name.className = "digit";
    bar.className = "bar-track";
    value.className = "percent";
    list.appendChild(row);
    const box = value.appendChild(document.createElement("span"));
    box.className = "number";
    const called = textIn(name);
    write(called, `${digit} `);
    return { row, name, called, fill: styled(bar, "--share"), text: textIn(box) };
  });
  return {
    draw(probs, names) {
      const called = names ?? DIGITS;
      const winner = probs ? probs.indexOf(Math.max(...probs)) : -1;
      const shown = called.map((_, index) => index);
      if (probs && shown.length > MOST) shown.sort((a, b) => probs[b] - probs[a]);
      rows.forEach(({ row, name, called: title, fill, text }, place) => {
        const index = shown[place];
        put(row, "hidden", index === undefined);
        if (index === undefined) return;
        write(title, `${called[index]} `);
        put(name, "title", names ? called[index] : "");
        const share = probs?.[index] ?? 0;
        fill(share.toFixed(3)); // finer than a pixel
        write(text, probs ? percent(share) : "–");
        row.classList.toggle("winner", index === winner);
      });
      list.classList.toggle("named", Boolean(names));
      list.classList.toggle("unknown", !probs);
    },
  };
}

/** The two predictions in one line, for screens too narrow to show the bars next to the picture. -> {draw(frame)} */
export function createReadout(root) {
  const places = [...root.querySelectorAll("#readout span")];
  const texts = places.map(textIn);
  return {
    draw(frame) {
      [frame.probs, frame.twin_probs].forEach((probs, index) => {
        const best = probs && !frame.blank ? Math.max(...probs) : null;
        const kind = t(index === 0 && frame.transform ? "probs.stn" : "probs.plain");
        write(texts[index], best === null ? "" : `${kind}: ${bestName(probs, index === 0 ? frame.names : frame.twin_names)} · ${percent(best)}`);
      });
    },
  };
}

/** 0.9979 -> "99.8 %"; "100 %" only if it is exactly 1. */
function percent(share) {
  return t("probs.percent", { value: share < 1 ? number(Math.min(share * 100, 99.9), 1) : "100" });
}

/** Above each set of bars: the kind of network, its name, and its error. ->
 * {draw(frame, models, names)}; names: of opened files by network */
export function createTitles(root) {
  const places = ["#probs-stn-title", "#probs-plain-title"].map((id) => {
    const title = root.querySelector(id);
    return ["strong", "span", "small"].map((tag) => {
      return textIn(title.appendChild(document.createElement(tag)));
    });
  });
  return {
    draw(frame, models, names = {}) {
      [frame.model, frame.twin].forEach((name, index) => {
        const [kind, called, errs] = places[index];
        const info = models.find((model) => model.name === name);
        const transform = index === 0 ? frame.transform : info?.transform;
        write(kind, t(!name ? "probs.none" : transform ? "probs.stn" : "probs.plain"));
        write(called, names[name] ?? name ?? "");
        const error = info?.error_posed;
        write(errs, error == null ? "" : t("probs.errs", { value: number(error, 1) }));
      });
    },
  };
}
