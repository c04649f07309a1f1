// Composes the Learn page: the lesson as data, its stage, its player, and the links to it.

import { createHttp } from "../../shared/http.js";
import { errorText, onLanguage, t, translate } from "../../shared/i18n.js";
import { go, note, onRoute, route } from "../../shared/router.js";
import { attachToast } from "../../shared/toast.js";
import { indexOf, placeOf, stageOf, stopsOf } from "./lesson.js";
import { createNav } from "./nav.js";
import { createPlayer } from "./player.js";
import { createSheet } from "./print.js";
import { createProgress, csvOf, scoreOf } from "./progress.js";
import { createStage } from "./stage.js";
import { drawWorked } from "./worked.js";

/** element: the Gradio component that holds learn.html; root: base url of the app, with a slash at the end. */
export async function start({ element, root: base }) {
  const root = element.querySelector(".stn-learn");
  const http = createHttp(base);
  const [stn, data, measured] = await Promise.all([
    stageOfPage(), http.get("stn/learn/static/scenes.json"), http.get("stn/learn/static/measured.json"),
  ]);
  const both = route().options.test === "both";
  const stops = stopsOf(data, both);
  const progress = createProgress();
  const begin = startOf(stops, progress);
  const stage = createStage(root, base, stageOf(stops.find(({ data: { stage: set } }) => set), data, measured));
  attachToast({ querySelector: () => root.querySelector("#learn-toast") }, stage.store);
  attachStatus(root, stage);

  const nav = createNav(root, { data, stops, progress, open: (index) => player.open(index) });
  const sheet = createSheet(root, { stage, data, measured, stops });
  const player = createPlayer({
    root, stage, data, measured, progress, stops,
    opened(stop, to) {
      if (to === "explore") return go({ page: "explore" });
      nav.show(stop);
      if (stop.scene !== sheet.scene && stop.phase !== "end") later(() => sheet.fill(stop.scene));
      if (route().page === "learn") note({ place: placeOf(stop) });
      score();
    },
  });
  const score = () => { root.querySelector("#learn-score").textContent = scoreText(stops, progress); };
  stage.store.on("frame", (frame) => worked(root, player, stage, frame));
  attachTools(root, { stops, progress, player, sheet });
  const mark = () => document.body.classList.toggle("stn-learning", route().page === "learn"); // for print.css
  mark();
  onRoute(({ page, place, options }) => {
    mark();
    if (page !== "learn") return;
    if ((options.test === "both") !== both) return location.reload(); // other stops
    const index = indexOf(stops, place);
    if (index >= 0 && place !== placeOf(player.stop())) player.open(index);
    else note({ place: placeOf(player.stop()) });
  });
  stn.store.on("lang", () => {
    translate(root);
    nav.show(player.stop());
    player.words();
    score();
    stage.again();
    later(() => sheet.fill(sheet.scene));
  });
  stn.store.on("lesson", (by) => player.step(by));
  translate(root);
  player.open(begin, { focus: false });
  root.dataset.ready = "true";
}

/** The stop that the address names, else the visitor's last one, else the first. */
function startOf(stops, progress) {
  const asked = indexOf(stops, route().place);
  if (asked >= 0) return asked;
  const kept = stops.findIndex(({ id }) => id === progress.get().at);
  return kept >= 0 && route().options.test !== "both" ? kept : 0;
}

function worked(root, player, stage, frame) {
  const table = root.querySelector("#learn-worked");
  const stop = player.stop();
  if (!stop?.data.stage?.inspect || frame.inspect?.view !== "warped") {
    table.hidden = true;
    return;
  }
  const asked = root.dataset.finished === "true" ? "sum" : "ask";
  drawWorked(table, frame.inspect, stop.data.predict ? asked : stage.marks.step());
}

function attachStatus(root, stage) {
  const line = root.querySelector("#learn-status");
  let sentence = null; // returns what the line says, in the current language
  const write = () => { line.textContent = sentence?.() ?? ""; };
  const say = (words) => {
    sentence = words;
    line.hidden = !words;
    write();
  };
  onLanguage(write);
  stage.store.on("status", ({ state, key, args }) => say(state === "ready" || state === "training" ? null : () => t(key, args)));
  stage.store.on("refused", (error) => {
    const { model } = stage.store.get();
    say(() => (/model/.test(error.code) ? t("learn.missing", { name: model }) : errorText(error)));
  });
  stage.store.on("unmapped", (error) => say(() => errorText(error)));
  stage.store.on("frame", () => !line.hidden && say(null));
}

function attachTools(root, { stops, progress, player, sheet }) {
  root.querySelector("#learn-csv").addEventListener("click", () => {
    save(new Blob([`\ufeff${csvOf(stops, progress.get())}`], { type: "text/csv" }), "stn-lesson.csv");
  });
  root.querySelector("#learn-again").addEventListener("click", () => {
    if (!confirm(t("learn.again.sure"))) return;
    progress.clear();
    player.open(0);
  });
  const printSheet = async (answers) => {
    const { scene } = player.stop();
    await sheet.fill(scene === "end" ? "quiz" : scene, answers);
    print();
  };
  root.querySelector("#learn-print").addEventListener("click", () => printSheet(false));
  root.querySelector("#learn-answers").addEventListener("click", () => printSheet(true));
  addEventListener("afterprint", () => sheet.hasAnswers() && sheet.fill(sheet.scene)); // the next print is a worksheet again
  root.querySelector("#learn-lecture").addEventListener("click", () => document.querySelector("#lecture").click());
}

/** When the browser is idle. */
const later = (work) => (globalThis.requestIdleCallback ?? setTimeout)(work);

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function scoreText(stops, progress) {
  const score = scoreOf(stops, progress.get().answers, "after");
  return score ? t("learn.score", score) : "";
}

/** The stage of Explore, which has the language and the lecture layout; it may still be starting. */
async function stageOfPage() {
  while (!window.stn) await new Promise((done) => setTimeout(done, 30));
  return window.stn;
}
