// Choose the settings of a run: a preset with a description in one line, or every setting in a dialog.

import { t } from "../../shared/i18n.js";
import { isActive } from "./runs-model.js";
import { createFields } from "./fields.js";
import { summary } from "./format.js";

export function attachChoose({ root, session, ask }) {
  const [select, line, brief, start, more] = ["preset", "preset-line", "summary", "start", "more"].map((name) =>
    root.querySelector(`#train-${name}`),
  );
  const dialog = root.querySelector("#train-settings");
  const fields = createFields(root.querySelector("#train-fields"), changed);
  let draft = null; // {preset, settings, twin, minutes, digits, device}
  let starting = false;
  let own = false; // whether the visitor has chosen or changed something since the draft was filled in
  let followed = null; // the run whose settings have been filled in

  function take(preset) {
    const { settings, twin, minutes, digits } = structuredClone(preset);
    draft = { preset: preset.name, settings, twin, minutes, digits, device: session.overview.choices.devices[0] };
    if (!session.overview.choices.mnist) draft.settings.data = "handwriting"; // so that it also starts offline
    show();
  }

  function changed(next) {
    draft = { ...next, preset: null };
    own = true;
    show();
  }

  /** The settings of the run that is shown, unless the visitor is editing others; asked: the visitor has just selected it. */
  function follow(asked = false) {
    const { run } = session;
    if (!draft || !run || dialog.open || (!asked && (own || run.id === followed))) return;
    followed = run.id;
    own = false;
    const { settings, twin, minutes, digits, device } = structuredClone(run);
    draft = { preset: presetOf(run, session.overview.presets), settings, twin, minutes, digits, device: device ?? session.overview.choices.devices[0] };
    show();
  }

  function show() {
    if (!session.overview) return;
    const { presets, choices, allowed, closed } = session.overview;
    const notice = root.querySelector("#train-closed");
    notice.hidden = allowed;
    if (closed) notice.textContent = t(`train.${closed}`);
    root.querySelector("#train-choose").hidden = !allowed;
    if (!draft) return;
    options(select, presets, draft.preset);
    const kind = draft.preset ?? (own ? "own" : "run");
    line.textContent = t(`train.preset.${kind}.help`);
    brief.textContent = summary(draft);
    fields.show(draft, choices);
    enable();
    if (draft.preset && draft.preset !== session.preset) {
      session.preset = draft.preset;
      session.emit("preset");
    }
  }

  function enable() {
    const busy = starting || isActive(session.run);
    start.disabled = starting || !draft || session.overview?.allowed === false; // no draft: the choices are still loading
    start.textContent = t(starting ? "train.starting" : "train.start");
    start.classList.toggle("yours-fill", !busy);
  }

  select.addEventListener("change", () => {
    const preset = session.overview.presets.find(({ name }) => name === select.value);
    own = true;
    if (preset) take(preset);
  });
  more.addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  root.querySelector("#train-settings-preset").addEventListener("click", () => {
    take(session.overview.presets.find(({ name }) => name === draft.preset) ?? session.overview.presets[0]);
  });
  start.addEventListener("click", async () => {
    const { settings, twin, minutes, digits, device, preset } = draft;
    starting = true;
    enable();
    const answer = await ask.post("start", {
      settings, twin, minutes, digits, device, name: preset ?? "",
    });
    starting = false;
    if (answer?.id) {
      own = false;
      session.look(null);
      session.watch(answer.id);
    }
    enable();
  });
  session.on("overview", () => (draft || !session.overview.presets.length ? show() : take(session.overview.presets[0])));
  session.on("lang", show);
  for (const name of ["progress", "run"]) {
    session.on(name, () => {
      follow();
      enable();
    });
  }
  session.on("chosen", () => follow(true));
}

/** The preset with the settings of a run, apart from seed and digits; null if there is none. */
function presetOf({ name, settings }, presets) {
  const comparable = (all) => JSON.stringify({ ...all, seed: 0, data: "" });
  return presets.find((preset) => preset.name === name && comparable(preset.settings) === comparable(settings))?.name ?? null;
}

/** The presets as options, each with a description if the browser supports it. */
function options(select, presets, chosen) {
  const names = [...presets.map(({ name }) => name), ...(chosen ? [] : ["own"])];
  const made = `${names.map((name) => t(`train.preset.${name}`))}`;
  if (select.dataset.made === made) { // recreating them would close an open picker
    select.value = chosen ?? "own";
    return;
  }
  select.dataset.made = made;
  select.replaceChildren(
    ...names.map((name) => {
      const option = document.createElement("option");
      option.value = name;
      const title = option.appendChild(document.createElement("b"));
      title.textContent = t(`train.preset.${name}`);
      if (CSS.supports("appearance", "base-select")) {
        option.append(" ");
        option.appendChild(document.createElement("small")).textContent = t(`train.preset.${name}.help`);
      }
      return option;
    }),
  );
  if (CSS.supports("appearance", "base-select")) {
    const button = document.createElement("button");
    button.append(document.createElement("selectedcontent"));
    select.prepend(button);
  }
  select.value = chosen ?? "own";
}
