// The table of all settings of a run: name, kind, place in the draft, allowed values.

import { has, t } from "../../shared/i18n.js";
import { named, short } from "./format.js";

/** Fields whose word a scene of the lesson introduces: [term, scene]. */
const LESSON = { localization: ["localization", "three-parts"], sampler: ["sampler", "sampler"], padding: ["padding", "failures"], clip_norm: ["gradient", "learning"] };

const OWN = { rotation: 60, scale: [0.7, 1.2], shear: 0.1, shift: "ink" };
const model = (name) => ({
  get: (draft) => draft.settings.model[name],
  set: (draft, value) => { draft.settings.model[name] = value; },
});
const setting = (name) => ({
  get: (draft) => draft.settings[name],
  set: (draft, value) => { draft.settings[name] = value; },
});
const pose = (name, index) => ({
  get: ({ settings: { distortion } }) => (index == null ? distortion[name] : distortion[name]?.[index]),
  set({ settings: { distortion } }, value) {
    if (index == null) {
      distortion[name] = value;
      return;
    }
    distortion[name][index] = value;
    const [least, most] = distortion[name];
    if (least > most) distortion[name] = [value, value]; // the other end moves with it
  },
  when: ({ settings }) => typeof settings.distortion !== "string",
});
const stands = ({ settings }) => settings.model.placement.length > 0;
const composes = ({ settings }, choices) => choices.composes.includes(settings.model.transform);

/** Stages and several looks need one transformer, at the input, whose transforms compose: without one they are removed. */
function simplify(draft, choices) {
  const { settings } = draft;
  if (settings.model.placement.join() === "input" && composes(draft, choices)) return;
  settings.stages = [];
  if (!stands(draft) || !composes(draft, choices)) settings.model.looks = 1;
}

const FIELDS = [
  { group: "data" },
  { name: "data", kind: "choice", values: (c) => c.data, words: "train.data", ...setting("data") },
  {
    name: "distortion", kind: "choice", values: (c) => [...c.distortion, "own"], words: "train.distortion",
    get: ({ settings }) => (typeof settings.distortion === "string" ? settings.distortion : "own"),
    set({ settings }, value) {
      settings.distortion = value === "own" ? structuredClone(OWN) : value;
      delete settings.model.input_size; // the server makes the network take what the distortion makes
      delete settings.model.output_size;
      if (!["none", "pose", "r", "p", "e"].includes(value)) settings.undistorted = 0;
    },
  },
  { name: "rotation", kind: "number", range: [0, 180], step: 1, ...pose("rotation") },
  { name: "scale_least", kind: "number", range: [0.1, 4], step: 0.05, ...pose("scale", 0) },
  { name: "scale_most", kind: "number", range: [0.1, 4], step: 0.05, ...pose("scale", 1) },
  { name: "shear", kind: "number", range: [0, 2], step: 0.05, ...pose("shear") },
  { group: "network" },
  {
    name: "transform", kind: "choice", values: (c) => c.model.transform, words: "train.transform", when: stands,
    get: model("transform").get,
    set(draft, value, choices) {
      draft.settings.model.transform = value;
      simplify(draft, choices);
    },
  },
  {
    name: "placement", kind: "places", get: model("placement").get,
    set(draft, value, choices) {
      draft.settings.model.placement = value;
      simplify(draft, choices);
    },
  },
  { name: "looks", kind: "number", range: (c) => [1, c.most_looks], holes: (c) => ({ most: c.most_looks }), step: 1, when: (draft, choices) => stands(draft) && composes(draft, choices), ...model("looks") },
  { name: "sampler", kind: "choice", values: (c) => c.model.sampler.filter((v) => v !== "nearest"), words: "sampler", when: stands, ...model("sampler") },
  { name: "padding", kind: "choice", values: (c) => c.model.padding, words: "padding", when: stands, ...model("padding") },
  { name: "localization", kind: "choice", values: (c) => c.model.localization, words: "train.localization", when: stands, ...model("localization") },
  {
    name: "classifier", kind: "choice", values: (c) => c.model.classifier, words: "train.classifier",
    get: model("classifier").get,
    set({ settings }, value) {
      settings.model.classifier = value;
      if (value === "fcn") settings.model.placement = settings.model.placement.filter((place) => place === "input");
    },
  },
  { group: "training" },
  {
    name: "stages", kind: "flag", when: ({ settings }) => settings.stages.length > 0,
    get: ({ settings }) => settings.stages.length > 0,
    set({ settings }, value) {
      if (!value) settings.stages = [];
    },
  },
  { name: "learning_rate", kind: "number", range: [1e-6, 1], step: "any", ...setting("learning_rate") },
  { name: "localization_factor", kind: "number", range: [0, 1000], step: "any", when: stands, ...setting("localization_factor") },
  { name: "batch_size", kind: "number", range: [1, 65536], step: 1, ...setting("batch_size") },
  {
    name: "length", kind: "choice", values: () => ["minutes", "epochs"], words: "train.length",
    get: ({ minutes }) => (minutes ? "minutes" : "epochs"),
    set: (draft, value) => { draft.minutes = value === "minutes" ? 1 : null; },
  },
  { name: "minutes", kind: "number", range: (c) => [0.1, c.longest], holes: (c) => ({ most: c.longest }), step: "any", when: ({ minutes }) => minutes, get: (d) => d.minutes, set: (d, v) => { d.minutes = v; } },
  { name: "epochs", kind: "number", range: [0.01, 1000], step: "any", when: ({ minutes }) => !minutes, ...setting("epochs") },
  { name: "seed", kind: "number", range: [0, 2147483647], step: 1, ...setting("seed") },
  { name: "device", kind: "choice", values: (c) => c.devices, words: "train.device", get: (d) => d.device, set: (d, v) => { d.device = v; } },
  { name: "twin", kind: "flag", get: (d) => d.twin, set: (d, v) => { d.twin = v; }, when: stands },
];

const WIDENING = new Set(["settling", "widening"]);
/** How poses widen in a run without stages; stages set this themselves, so these fields are removed. */
const widening = (name) => ({
  get: setting(name).get,
  set(draft, value) {
    draft.settings[name] = value;
    if (value > 0) draft.settings.stages = [];
  },
});

/** All other settings of the engine, with its ranges, values and texts. */
function finer({ numbers, named }) {
  const known = new Set(FIELDS.map(({ name }) => name));
  const rest = (all) => Object.entries(all).filter(([name]) => !known.has(name));
  return [
    { group: "finer", folded: true },
    ...rest(numbers).map(([name, { range, whole, help }]) => ({
      name, kind: "number", range, step: whole ? 1 : "any", help, ...(WIDENING.has(name) ? widening(name) : setting(name)),
    })),
    ...rest(named).map(([name, { choices, help }]) => ({ name, kind: "choice", values: () => choices, words: `train.${name}`, help, ...setting(name) })),
  ];
}

/** place: element for the form. changed(draft): after each valid change. -> {show(draft, choices)} */
export function createFields(place, changed) {
  let draft = null;
  let choices = null;
  let rows = null;

  function build() {
    let group = null;
    place.replaceChildren();
    rows = [...FIELDS, ...finer(choices)].flatMap((field) => {
      if (field.group) {
        group = field.folded ? fold() : place.appendChild(document.createElement("fieldset"));
        const legend = group.appendChild(document.createElement(field.folded ? "summary" : "legend"));
        legend.dataset.i18n = `train.group.${field.group}`;
        legend.textContent = t(legend.dataset.i18n);
        return [];
      }
      return [row(group, field)];
    });
  }

  function fold() {
    return place.appendChild(Object.assign(document.createElement("details"), { className: "finer" }));
  }

  /** The words of a field in the language of the page; if there are none: its name, and the engine's help text. */
  function tell({ field, element, control }) {
    const key = `train.set.${field.name}`;
    const name = has(key) ? t(key) : field.name;
    element.querySelector("span").textContent = name;
    const line = element.querySelector("small");
    line.textContent = has(`${key}.line`) ? t(`${key}.line`, field.holes?.(choices)) : field.help ?? "";
    if (field.name in LESSON) line.append(" ", lessonLink(field.name));
    if (field.kind === "places") control.setAttribute("aria-label", name);
  }

  function row(group, field) {
    const element = group.appendChild(document.createElement(field.kind === "places" ? "div" : "label"));
    element.className = `field field-${field.kind}`;
    element.appendChild(document.createElement("span"));
    const control = element.appendChild(makers[field.kind](field, write, choices));
    const line = element.appendChild(document.createElement("small"));
    line.id = `train-line-${field.name}`;
    control.setAttribute("aria-describedby", line.id);
    if (field.kind === "places") control.setAttribute("role", "group");
    return { field, element, control };
  }

  function write(field, value) {
    const next = structuredClone(draft);
    field.set(next, value, choices);
    changed(next);
  }

  return {
    show(nextDraft, nextChoices) {
      [draft, choices] = [nextDraft, nextChoices];
      if (!rows) build();
      for (const each of rows) {
        const { field, element, control } = each;
        tell(each);
        element.hidden = field.when ? !field.when(draft, choices) : false;
        if (!element.hidden) control.show(field.get(draft), choices, draft);
      }
    },
  };
}

const makers = {
  choice(field, write) {
    const select = document.createElement("select");
    select.addEventListener("change", () => write(field, select.value));
    select.show = (value, choices) => {
      const options = field.values(choices).map((one) => [named(field.words, one), one]);
      if (select.dataset.made !== `${options}`) { // recreating them would close an open picker
        select.dataset.made = `${options}`;
        select.replaceChildren(...options.map(([word, one]) => new Option(word, one)));
      }
      select.value = value;
    };
    return select;
  },
  number(field, write, choices) {
    const [min, max] = typeof field.range === "function" ? field.range(choices) : field.range;
    const input = Object.assign(document.createElement("input"), { type: "number", min, max, step: field.step, required: true });
    input.addEventListener("change", () => {
      if (input.reportValidity()) write(field, Number(input.value));
    });
    input.show = (value) => {
      if (document.activeElement !== input) input.value = field.step === 1 ? value : short(value); // do not overwrite what the visitor is typing
    };
    return input;
  },
  flag(field, write) {
    const input = Object.assign(document.createElement("input"), { type: "checkbox" });
    input.addEventListener("change", () => write(field, input.checked));
    input.show = (value) => { input.checked = Boolean(value); };
    return input;
  },
  places(field, write) {
    const group = document.createElement("span");
    group.className = "row";
    let value = [];
    group.show = (chosen, choices, draft) => {
      value = chosen;
      const points = choices.points[draft.settings.model.classifier];
      const words = points.map((point) => named("train.place", point)).join();
      if (group.dataset.words !== words) {
        group.dataset.words = words;
        group.dataset.points = points.join();
        group.replaceChildren(...points.map((point) => box(point)));
      }
      for (const input of group.querySelectorAll("input")) input.checked = value.includes(input.value);
    };
    function box(point) {
      const label = Object.assign(document.createElement("label"), { className: "check" });
      const input = label.appendChild(Object.assign(document.createElement("input"), { type: "checkbox", value: point }));
      const word = label.appendChild(document.createElement("span"));
      word.textContent = named("train.place", point);
      input.addEventListener("change", () => {
        const points = group.dataset.points.split(",");
        write(field, points.filter((one) => (one === point ? input.checked : value.includes(one))));
      });
      return label;
    }
    return group;
  },
};

function lessonLink(name) {
  const [term, scene] = LESSON[name];
  return Object.assign(document.createElement("a"), { href: `#learn=${scene}`, textContent: t("term.see", { term: t(`term.${term}`) }) });
}
