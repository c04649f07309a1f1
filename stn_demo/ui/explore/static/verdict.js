// The text below the answer: how far the frame followed the rotation of this digit, and how the digit is read.

import { number, t } from "../../shared/i18n.js";
import { put, textIn, write } from "../../shared/node.js";
import { bestName } from "../../shared/probs.js";

const STILL = 3; // rotations below this, degrees, are not mentioned
const CLOSE = 8; // a deviation up to this, degrees, counts as followed
const UPSIDE_DOWN = 150; // from this deviation on, degrees, the digit is upside down
const SURE = 0.5; // if the highest probability is below this, the network is unsure

/** -> {draw(frame, models, label)}; label: the true digit, if known, else null. */
export function createVerdict(root) {
  const box = root.querySelector("#verdict");
  const end = root.querySelector("#conclusion");
  const answer = box.parentElement;
  const [pose, digit] = [box, end].map(textIn);
  return {
    draw(frame, models, label) {
      put(box, "hidden", frame.transform === null);
      if (frame.transform !== null) write(pose, [sentence(frame), outside(frame, models)].filter(Boolean).join(" "));
      write(digit, conclusion(frame, label));
      put(answer.dataset, "classes", frame.names ? "own" : "digits");
      const judged = frame.blank || label == null || frame.names ? null : best(frame.probs) === label;
      put(end.dataset, "judged", judged === null ? "" : judged ? "right" : "wrong");
    },
  };
}

export function sentence({ applied, followed, left, rest, overruled, transform, blank, names }) {
  if (blank) return t("verdict.blank");
  if (overruled) return t("verdict.overruled");
  if (!followed || !left) return t("verdict.lost");
  if (transform === "attention") return t("verdict.attention");
  const [turned, moved, missed] = [applied, followed, left].map(({ rotation }) => wrapped(rotation));
  const thing = t(names ? "verdict.thing.picture" : "verdict.thing.digit");
  const words = { thing, applied: degrees(turned), side: side(turned), followed: degrees(moved), left: degrees(missed) };
  if (Math.abs(turned) < STILL) {
    const own = wrapped(rest.rotation);
    return t(Math.abs(own) < STILL ? "verdict.upright" : "verdict.rest", { thing, rest: degrees(own), side: side(own) });
  }
  if (Math.abs(missed) <= CLOSE) return t("verdict.followed", words);
  if (Math.abs(missed) >= UPSIDE_DOWN) return t("verdict.upside", words);
  if (Math.abs(moved) < STILL) return t("verdict.still", words);
  if (turned * moved < 0) return t("verdict.against", words);
  return t(Math.abs(moved) > Math.abs(turned) ? "verdict.over" : "verdict.under", words);
}

/** The sentence for a pose outside the training range; models: [{name, trained: {part: [from, to]} | null}]. */
export function outside({ model, applied, blank, overruled }, models) {
  const trained = models.find(({ name }) => name === model)?.trained;
  if (!trained || blank || overruled) return "";
  const beyond = (value, [low, high]) => value < low - 0.005 * (high - low) || value > high + 0.005 * (high - low);
  const scale = Math.sqrt(Math.abs(applied.scale_x * applied.scale_y));
  if (!beyond(wrapped(applied.rotation), trained.rotation) && !beyond(scale, trained.scale)) return "";
  const [low, high] = trained.scale.map((value) => number(value, 1));
  const turns = trained.rotation[1] ? t("verdict.turns", { turn: degrees(trained.rotation[1]) }) : t("verdict.turns.none");
  const sizes = t(low === high ? "verdict.sizes.one" : "verdict.sizes", { low, high });
  return t("verdict.outside", { turns, sizes });
}

export function conclusion({ blank, probs, twin_probs: others, names }, label) {
  if (blank) return "";
  if (names) return t("conclusion.own", { name: bestName(probs, names) });
  const digit = best(probs);
  const words = { digit: named(digit), label: label == null ? "" : named(label) };
  if (others) words.other = named(best(others));
  if (label == null) {
    if (Math.max(...probs) < SURE) return t("conclusion.unsure", words);
    if (!others) return t("conclusion.alone", words);
    return t(best(others) === digit ? "conclusion.same" : "conclusion.other", words);
  }
  const judged = (answer) => (answer === label ? "right" : "wrong");
  if (!others) return t(`conclusion.${judged(digit)}`, words);
  return t(`conclusion.${judged(digit)}.${judged(best(others))}`, words);
}

const best = (probs) => probs.indexOf(Math.max(...probs));
const wrapped = (angle) => ((((angle + 180) % 360) + 360) % 360) - 180;
const degrees = (angle) => t("unit.degrees", { value: number(Math.abs(angle)) });
const side = (angle) => t(angle > 0 ? "side.clockwise" : "side.anticlockwise");
const named = (digit) => t(digit === 8 ? "digit.an" : "digit.a", { digit });
