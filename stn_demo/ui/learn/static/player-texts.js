/** The texts of a stop of the lesson, from its data: place, mission, verdict, summary. */

import { wrapped } from "../../explore/static/gesture.js";
import { number, t } from "../../shared/i18n.js";
import { isRight, numbersOf } from "./lesson.js";
import { make, optionKey } from "./predict.js";
import { scoreOf } from "./progress.js";

/** Where the stop stands: "scene 2 of 8, part 1 of 3". */
export function positionOf(stop, stops, data) {
  if (stop.phase === "end") return t("learn.place.end");
  if (stop.scene === "quiz") {
    const asked = stops.filter(({ phase }) => phase === stop.phase);
    return t("learn.place.quiz", { place: asked.indexOf(stop) + 1, of: asked.length });
  }
  const place = data.scenes.findIndex(({ id }) => id === stop.scene) + 1;
  const { parts } = data.scenes[place - 1];
  const part = parts.findIndex(({ id }) => id === stop.part) + 1;
  return t(parts.length > 1 ? "learn.place.part" : "learn.place", { place, of: data.scenes.length, part, parts: parts.length });
}

/** The elements of a mission: what is to be done, and a hint that can be opened. */
export function missionOf(stop, args, open) {
  const name = `learn.${stop.scene}.${stop.part}`;
  const hint = document.createElement("details");
  hint.append(make("summary", t("learn.hint")), make("p", t(`${name}.hint`, args)));
  hint.open = open;
  return [make("p", t(`${name}.ask`, args), "question"), hint];
}

/** The sentences at the end of the lesson: how many predictions were right, and the scores of the quiz. */
export function summaryOf(stops, answers) {
  const score = (phase) => scoreOf(stops, answers, phase);
  const predicted = stops.filter(({ id, phase }) => phase === "scene" && answers[id] && answers[id].right !== null);
  return [
    { key: "learn.end.predictions", args: { right: predicted.filter(({ id }) => answers[id].right).length, of: predicted.length } },
    score("before") && { key: "learn.end.before", args: score("before") },
    score("after") && { key: "learn.end.after", args: score("after") },
    { key: "learn.end.on", args: {} },
  ].filter(Boolean);
}

/** The sentence about an answer. angle: where the network failed; frame: the one on the stage. */
export function verdictOf(stop, answer, measured, { angle, frame }) {
  const { kind } = stop.data.predict;
  if (kind === "mark") return { key: "learn.mark.result", args: { yours: answer, found: angle ?? "–" }, kind: "verdict" };
  if (kind === "frame") return { key: "learn.ghost.result", args: distance(answer, frame.undone), kind: "verdict" };
  const right = isRight(stop, answer, measured);
  const name = kind === "number" ? "learn.number" : stop.scene === "quiz" ? "learn.answer" : "learn";
  const args = kind === "number"
    ? { yours: number(answer, 3), found: numbersOf(stop, measured).value }
    : { option: () => t(optionKey(stop, stop.data.predict.right), numbersOf(stop, measured)) };
  return { key: `${name}.${right ? "right" : "wrong"}`, args, kind: right ? "verdict right" : "verdict wrong" };
}

/** The key of the text on the button that shows the answer. */
export function revealKey(stop, step, total) {
  if (stop.scene === "quiz") return "learn.reveal.answer";
  if (step === 0 && stop.data.predict) return "learn.reveal";
  return total > 1 ? "learn.reveal.step" : "learn.reveal";
}

/** The difference of two frames: degrees, and pixels between their centres. */
function distance(a, b) {
  const px = Math.hypot(a.shift_x - b.shift_x, a.shift_y - b.shift_y);
  return { degrees: number(Math.abs(wrapped(a.rotation - b.rotation)), 0), px: number(px, 1) };
}
