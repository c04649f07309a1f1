// What happened, in two sentences: what the network did with the pose, and what it takes the digit for.

import { number, t } from "../../shared/i18n.js";
import { put, textIn, write } from "../../shared/node.js";

const UPRIGHT = 3; // degrees below which a turn is not spoken of
const CLOSE = 8; // degrees left over that still count as upright
const SURE = 0.5; // of the ten probabilities the highest: below it the network only guesses

/** -> {draw(frame)} */
export function createVerdict(root) {
  const box = root.querySelector("#verdict");
  const [pose, digit] = [box, root.querySelector("#conclusion")].map(textIn);
  return {
    draw(frame) {
      put(box, "hidden", frame.transform === null);
      if (frame.transform !== null) write(pose, sentence(frame));
      write(digit, conclusion(frame));
    },
  };
}

function sentence(frame) {
  const { applied, undone, residual, overruled } = frame;
  if (frame.blank) return t("verdict.blank");
  if (overruled) return t("verdict.overruled");
  if (!residual || !undone) return t("verdict.lost");
  const left = turn(residual.rotation);
  const turned = turn(applied.rotation);
  if (frame.transform === "attention") return t("verdict.attention");
  if (Math.abs(turned) < UPRIGHT) {
    return t(Math.abs(left) <= CLOSE ? "verdict.upright" : "verdict.disturbed", { left: degrees(left) });
  }
  const words = { applied: degrees(turned), undone: degrees(turned - left), left: degrees(left), side: side(turned) };
  if (Math.abs(left) <= CLOSE) return t("verdict.good", words);
  if (Math.abs(left) < Math.abs(turned)) return t("verdict.partly", words);
  return t("verdict.bad", words);
}

function conclusion({ blank, probs, twin_probs: others }) {
  if (blank) return "";
  const best = Math.max(...probs);
  const digit = probs.indexOf(best);
  if (best < SURE) return t("conclusion.unsure", { digit });
  if (!others) return t("conclusion.alone", { digit });
  const other = others.indexOf(Math.max(...others));
  return t(other === digit ? "conclusion.same" : "conclusion.other", { digit, other });
}

const turn = (angle) => ((((angle + 180) % 360) + 360) % 360) - 180;
const degrees = (angle) => t("unit.degrees", { value: number(Math.abs(angle)) });
const side = (angle) => t(angle > 0 ? "side.clockwise" : "side.anticlockwise");
