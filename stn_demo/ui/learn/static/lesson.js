/** The lesson as a list of stops, from scenes.json and measured.json. Independent of the page and of the network.
 *
 * A stop is a part of a scene, or a question of the quiz: {id: "sampler.yours", scene, part, phase, first, last, data}.
 * phase: "scene", "before" (the quiz before the lesson) or "after". Its texts are "learn.<scene>.<part>.ask" and so on.
 */

import { DEFAULTS } from "../../shared/store.js";

const QUIZ_SHOWS = ["input"];

/** data: scenes.json. both: whether the quiz is also at the beginning. -> the stops in order; the last one is the end. */
export function stopsOf(data, both = false) {
  const parts = data.scenes.flatMap((scene) => scene.parts.map((part, index) => ({
    id: `${scene.id}.${part.id}`, scene: scene.id, part: part.id, phase: "scene", data: part,
    first: index === 0, last: index === scene.parts.length - 1,
  })));
  const end = { id: "end", scene: "end", part: "", phase: "end", first: true, last: true, data: { show: [] } };
  return [...(both ? quizOf(data, "before") : []), ...parts, ...quizOf(data, "after"), end];
}

function quizOf(data, phase) {
  return data.quiz.map((question, index) => ({
    id: `${phase === "before" ? "before" : "quiz"}.${question.id}`, scene: "quiz", part: question.id, phase,
    first: index === 0, last: index === data.quiz.length - 1,
    data: {
      ...question,
      show: question.show ?? QUIZ_SHOWS,
      predict: { kind: "choice", options: question.options, right: question.right },
      reveal: { kind: "answer" },
    },
  }));
}

/** The index of the stop that an address names: "sampler", "sampler.yours", "quiz"; -1 for none. */
export function indexOf(stops, place) {
  const exact = stops.findIndex(({ id }) => id === place);
  return exact >= 0 ? exact : stops.findIndex(({ id }) => id.split(".")[0] === place);
}

/** The shortest address of a stop. */
export const placeOf = (stop) => (stop.first ? stop.id.split(".")[0] : stop.id);

/** The initial state of a stop, for the store. */
export function stageOf(stop, data, measured) {
  const { network, twin, digit, pose, grab, padding, layers, inspect } = stop.data.stage;
  return {
    source: sourceOf(digit, measured),
    raw: false,
    pose: { ...structuredClone(DEFAULTS.pose), ...pose },
    model: networkOf(network, data),
    twin: twin ? networkOf(twin, data) : null,
    grab: grab ?? null,
    sampler: null,
    padding: padding ?? null,
    inspect: inspect ?? null,
    target: null,
    layers: { ...DEFAULTS.layers, ...layers },
  };
}

export function sourceOf(name, measured) {
  const { digit, label } = measured.digits[name];
  return { kind: "digit", digit, label };
}

/** "$stn" -> the name of the network in scenes.json. */
const networkOf = (name, data) => data.networks[name] ?? name;

/** The change of state of one step of a reveal, for the store. */
export function patchOf(set, data) {
  const { model, ...rest } = set;
  return model ? { ...rest, model: networkOf(model, data), grab: null } : rest;
}

/** The numbers in the texts of a stop: its settings and its measurements. Those of a second claim end in "_1". */
export function numbersOf(stop, measured) {
  const { pose = {}, grab, digit } = stop.data.stage ?? {};
  const found = { ...pose, ...(digit ? { label: measured.digits[digit].label } : {}) };
  if (grab) found.scale = grab.parts.scale_x;
  for (const step of stop.data.reveal?.steps ?? []) {
    if (step.set?.grab) found.scale = step.set.grab.parts.scale_x;
    if (step.descend) found.steps = step.descend;
  }
  for (const claim of stop.data.claims ?? []) {
    if (claim.stage?.grab) found.scale = claim.stage.grab.parts.scale_x;
  }
  const name = `${stop.scene}.${stop.part}`;
  Object.assign(found, measured.numbers[name]);
  for (const [key, value] of Object.entries(measured.numbers[`${name}.1`] ?? {})) found[`${key}_1`] = value;
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, written(value)]));
}

/** A number with all its decimals, formatted for people. */
const written = (value) => (value < 0 ? `−${Math.abs(value)}` : String(value));

/** How many times #reveal must be pressed to show everything. */
export const stepsOf = ({ data }) => (data.mission || !data.reveal ? 0 : (data.reveal.steps?.length ?? 1));

/** Whether a prediction is right; null if it is only more or less close. predict: of the stop; answer: see predict.js. */
export function isRight(stop, answer, measured) {
  const { predict } = stop.data;
  if (predict.kind === "choice") return answer === predict.right;
  if (predict.kind === "number") {
    return Math.abs(answer - measured.numbers[`${stop.scene}.${stop.part}`].value) <= predict.tolerance;
  }
  return null;
}
