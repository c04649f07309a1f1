// The timeline of all snapshots of a run; its right end is the current network.

import { t } from "../../shared/i18n.js";
import { unlessScrolled } from "../../shared/slider.js";
import { isActive } from "./runs-model.js";

const PLAY = 90; // ms a snapshot
const NAMED = [1, 10, 100, 1000, 10_000, 100_000];

export function attachTimeline({ root, session }) {
  const slider = root.querySelector("#timeline input");
  const ticks = root.querySelector("#timeline .ticks");
  const [play, live, at] = ["play", "live", "at"].map((name) => root.querySelector(`#train-${name}`));
  let steps = [];
  let playing = 0;
  let marked = "";

  function look(index) {
    session.look(index >= steps.length ? null : steps[index]);
  }

  function show() {
    steps = ends(session);
    slider.max = isNow(session) ? steps.length : Math.max(0, steps.length - 1);
    const index = session.at === null ? Number(slider.max) : steps.indexOf(session.at);
    slider.value = index;
    slider.disabled = play.disabled = steps.length < 2;
    live.disabled = !session.run;
    live.setAttribute("aria-pressed", String(session.at === null));
    const text = !session.run ? "" : t("train.timeline.step", { step: session.at ?? session.run.step ?? 0 });
    at.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    slider.style.setProperty("--share", slider.max > 0 ? index / slider.max : 0);
    mark();
  }

  /** Labels along the line: the snapshots are evenly spaced, their steps are not. */
  function mark() {
    const last = Number(slider.max);
    const key = `${steps.length} ${last}`;
    if (key === marked) return;
    marked = key;
    const places = NAMED.map((step) => [step, steps.findIndex((one) => one >= step)]).filter(([, index]) => index >= 0);
    ticks.replaceChildren(
      ...places.map(([step, index]) => {
        const tick = document.createElement("span");
        tick.textContent = step;
        tick.style.setProperty("--at", last ? index / last : 0);
        return tick;
      }),
    );
  }

  function stop() {
    clearInterval(playing);
    playing = 0;
    play.setAttribute("aria-pressed", "false");
  }

  slider.addEventListener("input", () => {
    stop();
    look(Number(slider.value));
  });
  unlessScrolled(slider, () => session.at, (before) => {
    session.look(before);
    show();
  });
  play.addEventListener("click", () => {
    if (playing) return stop();
    let index = session.at === null || session.at === steps.at(-1) ? 0 : steps.indexOf(session.at);
    look(index);
    play.setAttribute("aria-pressed", "true");
    playing = setInterval(() => {
      if (!session.visible) return;
      index += 1;
      look(index);
      if (index >= Number(slider.max)) stop();
    }, PLAY);
  });
  live.addEventListener("click", () => {
    stop();
    session.look(null);
  });
  for (const name of ["progress", "at", "lang"]) session.on(name, show);
  session.on("run", () => {
    stop();
    show();
  });
  show();
}

/** During training the line ends with the current network, afterwards with the last snapshot. */
const isNow = (session) => isActive(session.run) || session.snapshots.at(-1) !== session.run?.step;
const ends = (session) => session.snapshots;
