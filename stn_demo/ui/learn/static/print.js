/** The scene as a printed worksheet of one page: the questions, pictures of the live network, and space for answers.
 * It is laid out beyond the edge of the screen, so that its pictures have a size before they are printed. */

import { question } from "../../shared/channel.js";
import { decode } from "../../shared/frame.js";
import { t } from "../../shared/i18n.js";
import { createLandscape } from "../../shared/landscape.js";
import { createViews } from "../../shared/view.js";
import { numbersOf, stageOf } from "./lesson.js";
import { make, optionKey } from "./predict.js";
import { drawWorked } from "./worked.js";

const HIDDEN = { region: false, lines: false, points: false, gradient: false }; // if the visitor is to predict them

/** -> {scene: the last requested scene; fill(scene): resolves when its sheet is ready to be printed} */
export function createSheet(root, { stage, data, measured, stops }) {
  const sheet = root.querySelector("#learn-sheet");
  let wanted = 0;
  const made = {
    scene: null,
    async fill(scene) {
      const mine = ++wanted;
      made.scene = scene;
      const parts = stops.filter((stop) => stop.scene === scene && stop.phase !== "before");
      const pictures = await Promise.all(parts.map((stop) => asked(stop, stage, data, measured)));
      if (mine !== wanted) return;
      delete sheet.dataset.sheet;
      sheet.replaceChildren(...head(scene, parts[0], measured));
      parts.forEach((stop, index) => {
        const box = sheet.appendChild(make("section", "", "sheet-part"));
        draw(box, stop, pictures[index]);
        box.append(words(stop, numbersOf(stop, measured), pictures[index].frame));
      });
      if (scene !== "quiz") sheet.append(make("p", t(`learn.${scene}.why`), "sheet-why"), ...lines(3));
      sheet.append(make("p", `${t("learn.paper.before")} ${t("learn.paper")}. arXiv:1506.02025`, "sheet-paper"));
      sheet.dataset.sheet = scene;
    },
  };
  return made;
}

function head(scene, first, measured) {
  const args = numbersOf(first, measured);
  return [
    make("p", t("app.title"), "sheet-app"),
    make("h2", t(`learn.${scene}.title`)),
    make("p", t(`learn.${scene}.idea`, args)),
  ];
}

/** The initial frame of a stop, requested separately from the channel: {frame, map}; null if there is no answer. */
async function asked(stop, stage, data, measured) {
  if (!stop.data.stage) return { frame: null, map: null };
  const state = stageOf(stop, data, measured);
  const ask = async (more) => {
    const answer = await stage.frameOf({ ...question(state, 1), ...more }).catch(() => null);
    return answer instanceof ArrayBuffer ? decode(answer) : null;
  };
  const map = state.layers.landscape ? await ask({ inspect: null, landscape: true }) : null;
  return { frame: await ask({}), map: map && { ...map.landscape, loss: map.loss }, layers: state.layers };
}

function draw(box, stop, { frame, map, layers }) {
  const pictures = box.appendChild(make("div", "", "sheet-pictures"));
  if (!frame) return;
  const [input, warped, landscape] = ["input", "warped", "landscape"].map(() => document.createElement("canvas"));
  const covered = stop.data.cover ?? [];
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

/** A scale on which the answer can be marked with a pen. */
function ruler({ min, max, unit }) {
  const line = make("div", "", "sheet-ruler");
  for (let value = min; value <= max; value += (max - min) / 6) line.append(make("span", t(unit, { value })));
  return line;
}

const lines = (count) => Array.from({ length: count }, () => make("div", "", "sheet-line"));
