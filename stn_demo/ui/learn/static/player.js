/** Plays the stops of the lesson in order: the text, the question, the steps that #reveal shows, and the next stop. */

import { has, t } from "../../shared/i18n.js";
import { createControls } from "./controls.js";
import { createGhost } from "./ghost.js";
import { isRight, numbersOf, stageOf, stepsOf } from "./lesson.js";
import { isDone, numbersOfDone } from "./missions.js";
import { missionOf, positionOf, revealKey, summaryOf, verdictOf } from "./player-texts.js";
import { createPredict, make } from "./predict.js";
import { called, createReveal } from "./reveal.js";
import { createWhy } from "./why.js";

const SHOWN_WITH = { light: { localization: "theta", generator: "region", sampler: "warped" } };

/** opened(stop): a new stop is shown. -> {open(index), stop(), advance(by), redraw()} */
export function createPlayer({ root, stage, data, measured, progress, stops, opened }) {
  const at = (name) => root.querySelector(`#learn-${name}`);
  const [form, revealButton, next, back] = ["#predict", "#reveal", "#learn-next", "#learn-back"].map((id) => root.querySelector(id));
  const ghost = createGhost(root, at("ghost"), (parts) => stop && answered(parts));
  const why = createWhy(root, progress);
  const play = createReveal({ stage, data });
  let stop = null;
  let index = 0;
  let step = 0; // how many times #reveal has been pressed
  let busy = false; // a reveal is running
  let predict = null;
  let controls = null;
  let sentences = []; // [{key, args, kind}], the sentences below the button
  let leaving = new AbortController();

  // ------------------------------------------------------------------ opening
  function open(to, { focus = true } = {}) {
    leaving.abort();
    leaving = new AbortController();
    index = to;
    stop = stops[index];
    [step, busy, sentences] = [0, false, []];
    stage.descent.stop();
    ghost.close();
    if (stop.data.stage) stage.store.set(stageOf(stop, data, measured));
    stage.marks.show(stop.data.stage?.inspect ? "" : null);
    stage.light(null);
    stage.cover(stop.data.cover ?? []);
    for (const box of root.querySelectorAll("[data-show]")) box.hidden = !stop.data.show.includes(box.dataset.show);
    root.querySelector(".lesson-stage").dataset.count = stop.data.show.length;
    if (stop.data.predict?.kind === "frame") ghost.open(null, stage.store.frame?.size ?? 28);
    words();
    if (focus) at("title").focus({ preventScroll: true });
    progress.set({ at: stop.id });
    opened(stop);
  }

  /** Writes all texts of the stop, when it opens and when the language changes. */
  function words() {
    const { scene, part, phase } = stop;
    const args = numbersOf(stop, measured);
    at("place").textContent = positionOf(stop, stops, data);
    at("title").textContent = t(phase === "before" ? "learn.before.title" : `learn.${scene}.title`);
    at("idea").textContent = t(phase === "before" ? "learn.before.idea" : `learn.${scene}.idea`, args);
    const again = predict?.stop === stop; // the language has changed: what was answered and opened stays
    const answer = again ? predict.answer : undefined;
    const hinted = again && Boolean(form.querySelector("details")?.open);
    predict = createPredict(form, stop, args, answered);
    predict.stop = stop;
    if (answer !== undefined) predict.show(answer);
    if (stop.data.mission) form.replaceChildren(...missionOf(stop, args, hinted));
    controls = createControls(at("controls"), isFinished() || stop.data.mission ? stop.data.control : [], stage, measured);
    at("descend").hidden = !(stop.data.show.includes("descend") && (isFinished() || stop.data.mission));
    why.show(stop, (isFinished() || isAccomplished()) && stop.last && has(`learn.${scene}.why`), args);
    if (isFinished()) predict.lock(phase === "before" ? undefined : rightOf());
    else if (step) predict.lock();
    root.dataset.part = part;
    sentences = phase === "end" ? summaryOf(stops, progress.get().answers) : sentences;
    show();
  }

  // ------------------------------------------------------------------ answering and revealing
  const isFinished = () => stepsOf(stop) > 0 && step >= stepsOf(stop) && !busy;
  const isAccomplished = () => Boolean(stop.data.mission) && sentences.length > 0;
  const isAsked = () => Boolean(stop.data.predict);
  const rightOf = () => {
    if (stop.data.predict?.kind === "mark") return play.found?.angle;
    return stop.data.predict?.right;
  };

  function answered(value) {
    if (!predict || step) return;
    predict.answer = value;
    show();
  }

  function storeAnswer() {
    if (!isAsked() || predict.answer === undefined) return;
    const right = isRight(stop, predict.answer, measured);
    progress.set({ answers: { [stop.id]: { answer: predict.answer, right, when: new Date().toISOString() } } });
  }

  async function press() {
    if (busy || step >= stepsOf(stop)) return;
    if (step === 0) storeAnswer();
    predict.lock();
    ghost.lock();
    step += 1;
    busy = true;
    show();
    const openedStop = stop;
    try {
      await advance();
    } catch (error) {
      if (leaving.signal.aborted || openedStop !== stop) return; // the visitor has left this stop
      throw error;
    } finally {
      if (openedStop === stop) busy = false;
    }
    if (openedStop !== stop) return;
    if (isFinished()) finish();
    else show();
  }

  async function advance() {
    const { reveal } = stop.data;
    const one = reveal.kind === "steps" ? reveal.steps[step - 1] : reveal;
    const lit = SHOWN_WITH.light[one.light];
    stage.cover(lit ? (stop.data.cover ?? []).slice(step) : []);
    await play.run(one, leaving.signal);
    const key = `learn.${stop.scene}.${stop.part}.step.${step}`;
    if (has(key)) sentences.push({ key, args: { ...numbersOf(stop, measured), ...play.numbers() }, kind: "step" });
  }

  function finish() {
    progress.set({ seen: { [stop.id]: true } });
    const args = { ...numbersOf(stop, measured), ...play.numbers() };
    if (stop.phase !== "before") {
      if (isAsked() && predict.answer !== undefined) sentences.push(verdictOf(stop, predict.answer, measured, { angle: play.found?.angle, frame: stage.store.frame }));
      const key = `learn.${stop.scene}.${stop.part}.result`;
      if (has(key)) sentences.push({ key, args, kind: "result" });
    }
    const held = document.activeElement === revealButton;
    words();
    stage.again();
    opened(stop);
    if (stop.phase === "before") return go(1);
    if (held) next.focus({ preventScroll: true });
  }

  // ------------------------------------------------------------------ on the screen
  function show() {
    const total = stepsOf(stop);
    const asked = isAsked() && step === 0;
    revealButton.hidden = total === 0 || isFinished();
    revealButton.disabled = !stage.store.frame || (asked && predict.answer === undefined);
    revealButton.setAttribute("aria-disabled", String(busy)); // a disabled button would lose the focus between two steps
    revealButton.textContent = t(revealKey(stop, step, total), { step: step + 1, of: total });
    at("result").replaceChildren(...sentences.map(({ key, args, kind }) => make("p", t(key, called(args)), kind ?? "")));
    const passed = isFinished() || stop.phase === "end" || isAccomplished();
    next.textContent = t(stop.phase === "end" ? "learn.explore" : passed ? "learn.next" : "learn.skip");
    next.classList.toggle("nets-fill", passed);
    back.disabled = index === 0;
    root.dataset.busy = String(busy);
    root.dataset.finished = String(isFinished());
  }

  function follow(frame) {
    if (!stop) return;
    controls?.follow();
    if (revealButton.disabled) show(); // the very first frame
    if (!stop.data.mission || sentences.length) return;
    const { source, layers } = stage.store.get();
    if (frame.startedAt === 0 || !layers || !isDone(stop.data.mission, frame, source.label)) return;
    sentences = [{ key: `learn.${stop.scene}.${stop.part}.done`, args: numbersOfDone(frame), kind: "verdict right" }];
    progress.set({ seen: { [stop.id]: true }, answers: { [stop.id]: { answer: "done", right: true, when: new Date().toISOString() } } });
    why.show(stop, stop.last, {});
    opened(stop);
    show();
  }
  stage.store.on("frame", follow);

  function go(by) {
    if (stop.phase === "end" && by > 0) return opened(stop, "explore");
    const to = Math.min(stops.length - 1, Math.max(0, index + by));
    if (to !== index) open(to);
  }
  revealButton.addEventListener("click", press);
  next.addEventListener("click", () => go(1));
  back.addEventListener("click", () => go(-1));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!revealButton.disabled && !revealButton.hidden) press();
  });
  for (const button of root.querySelectorAll("[data-descend]")) {
    button.addEventListener("click", () => {
      const steps = Number(button.dataset.descend);
      if (steps) stage.descent.run(steps);
      else stage.descent.start();
    });
  }
  return {
    open,
    stop: () => stop,
    /** For a clicker: forward first shows what is still hidden, then opens the next stop. */
    step(by) {
      if (by > 0 && !busy && step < stepsOf(stop)) return void press();
      go(by);
    },
    words: () => stop && words(),
  };
}
