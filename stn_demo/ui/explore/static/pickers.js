/** The two pickers above the pictures: the network, and the one it is compared with. A search field, and a list in
 * groups (the combobox pattern of ARIA 1.2). */

import { areComparable } from "../../shared/comparable.js";
import { t } from "../../shared/i18n.js";
import { grouped } from "./networks.js";
import { openedNames } from "./opened.js";

export function attachPickers(root, store) {
  let infos = store.status?.models ?? [];
  const { stn } = window;
  const shown = new Map(); // {names} of each network that was shown and may not be listed
  const about = (name) => infos.find((info) => info.name === name) ?? shown.get(name);
  const fit = (one, other) => !about(one) || !about(other) || areComparable(about(one), about(other));
  const twinOf = (name) => [...infos, ...(stn.runs ?? [])].find((info) => info.name === name)?.twin ?? null;
  const setModel = (model) => {
    const { twin } = store.get();
    store.set({ model, twin: twinOf(model) ?? (twin === model || !fit(model, twin) ? null : twin), grab: null });
  };
  const pickers = [
    createPicker(root.querySelector("#model-picker"), { choose: setModel }),
    createPicker(root.querySelector("#twin-picker"), { choose: (name) => store.set({ twin: name || null }), none: true }),
  ];

  function show() {
    const { model, twin } = store.get();
    const runs = (stn.runs ?? []).map(({ name }) => name);
    const names = [...(stn.networks ?? []), ...runs, ...(stn.uploads ?? []), model, twin];
    const groups = grouped(infos, names, { ...stn.names, ...openedNames() });
    pickers[0].show(groups, model ?? "");
    const barred = (option) => (fit(model, option.name) ? option : { ...option, barred: t("picker.barred") });
    pickers[1].show(groups.map((group) => ({ ...group, options: group.options.map(barred) })), twin ?? "");
  }
  store.on("status", (status) => {
    infos = status.models ?? infos;
    show();
  });
  store.on("networks", show);
  store.on("frame", ({ model, names }) => {
    if (shown.has(model)) return;
    shown.set(model, { names });
    show();
  });
  store.on("lang", show);
  store.subscribe((_, keys) => (keys.includes("model") || keys.includes("twin")) && show());
  show();
}

/** element: holds an input and a list. -> {show(groups, value)} */
function createPicker(element, { choose, none = false }) {
  const input = element.querySelector("input");
  const list = element.querySelector("[role=listbox]");
  let groups = [];
  let value = "";
  let rows = []; // the options in the list, in order
  let active = -1;
  let searched = "";

  const isOpen = () => !list.hidden;
  const titleOf = (name) => groups.flatMap(({ options }) => options).find((one) => one.name === name)?.title ?? name;
  const shown = () => (value ? titleOf(value) : t("picker.none"));

  function open() {
    if (isOpen()) return;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.select();
    fill("");
  }
  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.value = shown();
  }
  function take(name) {
    close();
    if (name !== value) choose(name);
  }

  function fill(search) {
    searched = search;
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = groups
      .map((group) => ({ ...group, options: group.options.filter(({ text }) => words.every((word) => text.includes(word))) }))
      .filter(({ options }) => options.length);
    const noneRow = none && !words.length ? [row({ name: "", title: t("picker.none"), details: "" })] : [];
    const nothing = found.length || noneRow.length ? [] : [note(t("picker.nothing", { search }))];
    list.replaceChildren(...noneRow, ...found.map(section), ...nothing);
    rows = [...list.querySelectorAll("[role=option]:not([aria-disabled])")];
    rows.forEach((one, index) => { one.id = `${list.id}-${index}`; });
    point(Math.max(0, rows.findIndex((one) => one.dataset.name === value)));
  }

  function section({ id, title, options }) {
    const box = make("div", "group-of-networks");
    const heading = make("div", "group-title", title);
    heading.id = `${list.id}-group-${id}`;
    box.setAttribute("role", "group");
    box.setAttribute("aria-labelledby", heading.id);
    box.append(heading, ...options.map(row));
    return box;
  }

  /** barred: why the network cannot be chosen, if it cannot. */
  function row({ name, title, details, barred }) {
    const one = make("div", barred ? "network barred" : "network");
    one.setAttribute("role", "option");
    one.setAttribute("aria-selected", String(name === value));
    one.dataset.name = name;
    one.append(make("b", "", title), make("small", "", barred ?? details));
    one.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    if (barred) {
      one.setAttribute("aria-disabled", "true");
      return one;
    }
    one.addEventListener("click", () => take(name));
    return one;
  }

  /** A sentence in the place of the options. */
  function note(text) {
    const one = make("div", "nothing", text);
    one.setAttribute("role", "option");
    one.setAttribute("aria-disabled", "true");
    return one;
  }

  function point(index) {
    rows[active]?.classList.remove("active");
    active = Math.min(rows.length - 1, Math.max(0, index));
    const row = rows[active];
    if (!row) return input.removeAttribute("aria-activedescendant");
    row.classList.add("active");
    row.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", row.id);
  }

  input.addEventListener("click", open);
  input.addEventListener("input", () => {
    open();
    fill(input.value);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      if (isOpen()) point(active + step);
      else open();
    } else if (event.key === "Enter" && isOpen() && rows[active]) take(rows[active].dataset.name);
    else if (event.key === "Escape" && isOpen()) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    show(now, name) {
      const isNew = JSON.stringify(now) !== JSON.stringify(groups);
      [groups, value] = [now, name];
      if (!isOpen()) input.value = shown();
      else if (isNew) fill(searched);
    },
  };
}

function make(tag, className, textContent = "") {
  return Object.assign(document.createElement(tag), { className, textContent });
}
