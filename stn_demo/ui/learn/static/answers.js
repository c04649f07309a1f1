/** The content of the teacher's page of a scene: for each stop the right answer, the texts of the reveal, and its picture.
 * Independent of the page: frames are requested by ask(state, more). */

import { has, t } from "../../shared/i18n.js";
import { numbersOf, patchOf } from "./lesson.js";
import { numbersOfDone } from "./missions.js";
import { optionKey } from "./predict.js";
import { called, numbersOfFrame } from "./reveal.js";

/**
 * The frames of a stop after each step of its reveal. ask(state, more): resolves to a frame or null; state: the initial one.
 * -> [{frame, layers}], one for each step, at least one
 */
export async function framesAfter(stop, state, data, ask) {
  const { mission, reveal, claims } = stop.data;
  if (mission) return [await shownIn(solved(state, claims[0].stage), ask)];
  if (reveal?.kind === "sweep") return [await shownIn(state, ask)];
  const found = [];
  let now = state;
  for (const { set, descend } of reveal?.steps ?? [{}]) {
    if (set) now = merged(now, patchOf(set, data));
    if (descend) now = await descended(now, descend, ask);
    found.push(await shownIn(now, ask));
  }
  return found;
}

const merged = (state, patch) => ({ ...state, ...patch, pose: { ...state.pose, ...patch.pose }, layers: { ...state.layers, ...patch.layers } });

/** The example by which the suite shows that a mission can be completed. */
const solved = (state, { pose, grab }) => merged(state, { pose, grab: grab ?? state.grab });

async function shownIn(state, ask) {
  return { frame: await ask(state), layers: { ...state.layers, landscape: false } };
}

/** The state after so many steps of gradient descent; fewer where there is no gradient. */
async function descended(state, steps, ask) {
  let now = merged(state, { layers: { gradient: true } });
  for (let step = 0; step < steps; step++) {
    const next = (await ask(now))?.gradient?.next;
    if (!next?.every(Number.isFinite)) break;
    now = { ...now, grab: { theta: next } };
  }
  return now;
}

/** The sentences of the teacher's page for a stop, {text, kind}. frames: of framesAfter; models: of the server's status. */
export function sentencesOf(stop, measured, frames, models) {
  const name = `learn.${stop.scene}.${stop.part}`;
  const { predict, mission, reveal } = stop.data;
  const numbers = numbersOf(stop, measured);
  const args = (index) => called({ ...numbers, ...numbersOfFrame(frames[Math.min(index, frames.length - 1)]?.frame, models) });
  const texts = [];
  const add = (key, kind, index = Infinity) => has(key) && texts.push({ text: t(key, args(index)), kind });
  if (predict || mission) add(`${name}.ask`, "ask");
  if (predict?.kind === "choice") texts.push({ text: t(optionKey(stop, predict.right), numbers), kind: "right" });
  if (predict?.kind === "number") texts.push({ text: `${t("learn.number")}: ${numbers.value}`, kind: "right" });
  if (mission) add(`${name}.hint`, "step");
  if (mission && frames[0]?.frame) texts.push({ text: t(`${name}.done`, numbersOfDone(frames[0].frame)), kind: "right" });
  (reveal?.steps ?? []).forEach((_, index) => add(`${name}.step.${index + 1}`, "step", index));
  add(`${name}.result`, "result");
  return texts;
}
