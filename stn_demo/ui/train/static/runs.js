// The list of runs: settings and result of each.

import { t } from "../../shared/i18n.js";
import { fault, percent, summary, title } from "./format.js";

export function attachRuns({ root, session }) {
  const list = root.querySelector("#train-runs");
  const none = root.querySelector("#train-runs-none");

  function build() {
    const runs = session.overview?.runs ?? [];
    none.hidden = runs.length > 0;
    root.dataset.runs = runs.length;
    const { problem, closed } = session.overview ?? {};
    none.textContent = problem ? fault(problem) : t(closed === "published" ? "train.runs.unpublished" : "train.runs.none");
    none.classList.toggle("problem", Boolean(problem));
    list.replaceChildren(...runs.map(item));
    mark();
  }

  function item(run) {
    const place = document.createElement("li");
    const button = place.appendChild(Object.assign(document.createElement("button"), { type: "button" }));
    button.dataset.run = run.id;
    button.dataset.state = run.state;
    const [dot, name, result, line] = ["i", "b", "span", "small"].map((tag) => button.appendChild(document.createElement(tag)));
    dot.className = "dot";
    name.textContent = title(run);
    result.textContent = percent(run.accuracy);
    line.textContent = `${t(`train.state.${run.state}`)} · ${summary(run)}`;
    button.title = line.textContent;
    button.addEventListener("click", () => {
      session.watch(run.id);
      session.emit("chosen");
    });
    return place;
  }

  function mark() {
    for (const button of list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.run === session.id));
  }

  function follow() {
    const button = list.querySelector(`[data-run="${session.id}"]`);
    const text = percent(session.run?.accuracy);
    if (button && button.children[2].textContent !== text) button.children[2].textContent = text;
  }
  session.on("overview", build);
  session.on("lang", build);
  session.on("run", mark);
  session.on("progress", follow);
}
