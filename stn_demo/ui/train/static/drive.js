// Controls and status of a run: buttons, learning rate, progress.

import { number, t } from "../../shared/i18n.js";
import { unlessScrolled } from "../../shared/slider.js";
import { isActive } from "./runs-model.js";
import { clock, fault, percent, posesOf, short, title } from "./format.js";

export function attachDrive({ root, session, ask }) {
  const at = (name) => root.querySelector(`#train-${name}`);
  const buttons = Object.fromEntries(["resume", "pause", "step", "stop", "reset", "seed"].map((name) => [name, at(name)]));
  const status = at("status");
  const words = status.querySelector("span");
  const pace = at("pace");
  const progress = at("progress");
  const rate = at("rate").querySelector("input");
  const rateText = at("rate").querySelector("output");
  let offline = false;
  let said = ""; // the state that was shown last
  let spoken = ""; // the last change of it, for screen readers; "" before the first
  let sliding = 0;

  const act = (action, values = {}) => session.id && ask.post(action, { id: session.id, ...values });
  for (const name of ["pause", "step", "stop"]) buttons[name].addEventListener("click", () => act(name));
  buttons.resume.addEventListener("click", () => {
    session.look(null); // training continues from the current network, not from the rewound one
    act("resume");
  });
  async function again(values) {
    const answer = await act("reset", values);
    if (answer?.id) session.watch(answer.id);
  }
  buttons.reset.addEventListener("click", () => again({}));
  buttons.seed.addEventListener("click", () => again({ seed: Math.floor(Math.random() * 1e6) }));

  unlessScrolled(rate, () => rate.value, (before) => {
    rate.value = before;
    changed();
  });
  rate.addEventListener("input", changed);
  function changed() {
    clearTimeout(sliding);
    fill();
    sliding = setTimeout(async () => {
      const wanted = Number((10 ** rate.value).toPrecision(3));
      if (Math.abs(wanted / topRate(session.run) - 1) > 0.01) await act("rate", { rate: wanted });
      sliding = setTimeout(() => { sliding = 0; }, 1500); // until the run has reported the new rate
    }, 200);
  }

  function show() {
    const { run } = session;
    const state = offline ? "offline" : run?.state ?? "none";
    const open = session.overview?.allowed !== false && !offline;
    const going = state === "running" || state === "starting";
    const held = state === "paused";
    const controlled = run?.controlled !== false;
    at("name").textContent = run ? title(run) : "";
    status.dataset.state = state;
    say(words, statusText(state, run));
    say(pace, run ? paceText(run, state) : "");
    const share = run?.steps ? run.step / run.steps : 0;
    progress.firstElementChild.style.transform = `scaleX(${share})`;
    progress.setAttribute("aria-valuenow", Math.round(100 * share));
    const resumable = held || run?.resumable || state === "lost";
    buttons.resume.hidden = !resumable;
    buttons.pause.hidden = resumable;
    buttons.resume.disabled = !open || (held && !controlled);
    buttons.pause.disabled = !open || !going || !controlled;
    buttons.step.disabled = !open || !(held || resumable) || (held && !controlled);
    buttons.stop.disabled = !open || !isActive(run) || !controlled;
    buttons.reset.disabled = buttons.seed.disabled = !open || !run || (isActive(run) && !controlled);
    rate.disabled = !open || !isActive(run) || !controlled;
    if (run && !sliding && document.activeElement !== rate) showRate(run);
    announce(state);
  }

  function showRate(run) {
    const value = topRate(run);
    rate.value = Math.log10(value);
    fill();
    rateText.textContent = short(value);
  }

  function fill() {
    rateText.textContent = short(10 ** rate.value);
    rate.style.setProperty("--share", (rate.value - rate.min) / (rate.max - rate.min));
  }

  function announce(state) {
    if (said && state !== said) said = spoken = state;
    else said = state;
    say(at("say"), spoken && t(`train.state.${spoken}`));
  }

  session.on("online", () => {
    if (!offline) return;
    offline = false;
    show();
  });
  session.on("offline", () => {
    offline = true;
    show();
  });
  for (const name of ["progress", "run", "overview", "lang"]) session.on(name, show);
  show();
}

/** The learning rate at the top of the run's schedule, as it is now. */
const topRate = ({ top_rate: top, settings }) => top ?? settings.learning_rate;

/** Write a text only if it has changed. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function statusText(state, run) {
  const parts = [t(`train.state.${state}`)];
  if (run && state !== "none") {
    if (run.steps) parts.push(t("train.status.step", { step: run.step ?? 0, steps: run.steps }));
    if (run.accuracy != null) parts.push(t("train.status.accuracy", { accuracy: percent(run.accuracy), poses: posesOf(run.settings) }));
    if (run.twin && run.twin_accuracy != null) parts.push(t("train.status.twin", { accuracy: percent(run.twin_accuracy) }));
  }
  const line = parts.join(" · ");
  const why = state === "offline" || !run ? "" : run.message ? fault(run) : isActive(run) && run.controlled === false ? foreign(run) : "";
  return why ? `${line} — ${why}` : line;
}

/** Why the buttons are disabled while it runs. */
const foreign = ({ terminal }) => t(terminal ? "train.foreign.terminal" : "train.foreign.app");

function paceText({ samples_per_second: samples, seconds_left: left, seconds }, state) {
  const parts = [];
  if (state === "running" && samples) parts.push(t("train.pace.samples", { samples: number(samples) }));
  if (state === "running" && left != null) parts.push(t("train.pace.left", { time: clock(left) }));
  else if (seconds) parts.push(t("train.pace.spent", { time: clock(seconds) }));
  return parts.join(" · ");
}
