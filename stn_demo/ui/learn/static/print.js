/** The scene as a printed page: a worksheet with the questions, pictures of the live network and space for answers; or the
 * teacher's page, with the right answers, what is shown and the model answer. It is laid out beyond the edge of the screen, so that its pictures have a size before they are printed. */

import { question } from "../../shared/channel.js";
import { decode } from "../../shared/frame.js";
import { t } from "../../shared/i18n.js";
import { createLandscape } from "../../shared/landscape.js";
import { createViews } from "../../shared/view.js";
import { framesAfter, sentencesOf } from "./answers.js";
import { numbersOf, stageOf } from "./lesson.js";
import { make, optionKey } from "./predict.js";
import { HIDDEN } from "./stage.js";
import { drawWorked } from "./worked.js";

/** -> {scene: the last requested scene; fill(scene, answers = false): resolves when its sheet is ready to be
 *      printed; hasAnswers(): whether it is the teacher's page} */
export function createSheet(root, { stage, data, measured, stops }) {
  const sheet = root.querySelector("#learn-sheet");
  let wanted = 0;
  const made = {
    scene: null,
    hasAnswers: () => sheet.dataset.kind === "answers",
    async fill(scene, answers = false) {
      const request = ++wanted;
      made.scene = scene;
      const parts = stops.filter((stop) => stop.scene === scene && stop.phase !== "before");
      const pictures = await Promise.all(parts.map((stop) => (answers ? answered : asked)(stop, stage, data, measured)));
      if (request !== wanted) return;
      delete sheet.dataset.sheet;
      sheet.dataset.kind = answers ? "answers" : "questions";
      sheet.replaceChildren(...head(scene, parts[0], measured, answers));
      parts.forEach((stop, index) => {
        const box = sheet.appendChild(make("section", "", "sheet-part"));
        const { frame, frames } = pictures[index];
        draw(box, stop, pictures[index]);
        box.append(answers ? key(stop, measured, frames, stage.models()) : words(stop, numbersOf(stop, measured), frame));
      });
      if (scene !== "quiz") sheet.append(...end(scene, answers));
      sheet.append(make("p", `${t("learn.paper.before")} ${t("learn.paper")}. arXiv:1506.02025`, "sheet-paper"));
      sheet.dataset.sheet = scene;
    },
  };
  return made;
}

function head(scene, first, measured, answers) {
  const args = numbersOf(first, measured);
  const title = t(`learn.${scene}.title`);
  return [
    make("p", t("app.title"), "sheet-app"),
    make("h2", answers ? t("learn.sheet.answers", { title }) : title),
    make("p", t(`learn.${scene}.idea`, args)),
  ];
}

/** The frame of a state, requested separately from the channel; null if there is no answer. */
async function frameOf(stage, state, more = {}) {
  const answer = await stage.frameOf({ ...question(state, 1), ...more }).catch(() => null);
  return answer instanceof ArrayBuffer ? decode(answer) : null;
}

/** The initial frame of a stop, and the map of the loss: {frame, map, layers}; null if there is no answer. */
async function asked(stop, stage, data, measured) {
  const state = stageOf(stop, data, measured);
  const map = state.layers.landscape ? await frameOf(stage, state, { inspect: null, landscape: true }) : null;
  return { frame: await frameOf(stage, state), map: map?.loss ? { ...map.landscape, loss: map.loss } : null, layers: state.layers, covered: stop.data.cover };
}

/** The frames after each step of the reveal: {frame: the last one, frames, layers}. */
async function answered(stop, stage, data, measured) {
  const frames = await framesAfter(stop, stageOf(stop, data, measured), data, (state) => frameOf(stage, state));
  return { frames, ...frames.at(-1), map: null };
}

function draw(box, stop, { frame, map, layers, covered = [] }) {
  const pictures = box.appendChild(make("div", "", "sheet-pictures"));
  if (!frame) return;
  const [input, warped, landscape] = ["input", "warped", "landscape"].map(() => document.createElement("canvas"));
  pictures.append(input);
  if (stop.data.show.includes("warped") && !covered.includes("warped")) pictures.append(warped);
  if (map) pictures.append(landscape);
  createViews({ input, warped }).draw(frame, covered.includes("region") ? { ...layers, ...HIDDEN } : layers);
  if (map) createLandscape(landscape).draw(map, frame);
}

function words(stop, args, frame) {
  const box = make("div", "", "sheet-words");
  const name = `learn.${stop.scene}.${stop.part}`;
  const { predict, mission } = stop.data;
  if (predict || mission) box.append(make("p", t(`${name}.ask`, args), "sheet-ask"));
  else box.append(...stop.data.reveal.steps.map((_, index) => make("p", t(`${name}.step.${index + 1}`, args))));
  if (predict?.kind === "choice") {
    const list = box.appendChild(document.createElement("ul"));
    list.append(...predict.options.map((option) => make("li", t(optionKey(stop, option), args))));
  }
  if (predict?.kind === "mark") box.append(ruler(predict));
  if (predict?.kind === "number" || mission) box.append(...lines(1));
  if (frame?.inspect) {
    const table = box.appendChild(document.createElement("table"));
    drawWorked(table, frame.inspect, predict ? "ask" : "sum");
  }
  return box;
}

/** The right answers of a stop, and what is shown. */
function key(stop, measured, frames, models) {
  const box = make("div", "", "sheet-words");
  box.append(...sentencesOf(stop, measured, frames, models).map(({ text, kind }) => make("p", text, `sheet-${kind}`)));
  const { predict } = stop.data;
  if (predict?.kind === "mark") box.append(ruler(predict, numbersOf(stop, measured).angle));
  const { inspect } = frames.at(-1).frame ?? {};
  if (inspect) drawWorked(box.appendChild(document.createElement("table")), inspect, "sum");
  return box;
}

/** The question "why?", with space to write or with its model answer. */
function end(scene, answers) {
  return [make("p", t(`learn.${scene}.why`), "sheet-why"), ...(answers ? [make("p", t(`learn.${scene}.because`), "sheet-because")] : lines(3))];
}

/** A scale on which the answer can be marked with a pen; found: it is marked there. */
function ruler({ min, max, unit }, found = null) {
  const line = make("div", "", "sheet-ruler");
  for (let value = min; value <= max; value += (max - min) / 6) line.append(make("span", t(unit, { value })));
  if (found !== null) line.appendChild(make("i", "")).style.left = `${(100 * (found - min)) / (max - min)}%`;
  return line;
}

const lines = (count) => Array.from({ length: count }, () => make("div", "", "sheet-line"));
