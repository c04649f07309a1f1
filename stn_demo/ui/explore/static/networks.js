/** The entries of the network pickers: groups by training data, a title, poses, error and file name. */

import { has, number, t } from "../../shared/i18n.js";

const GROUPS = ["upright", "r", "rts", "p", "e", "tc", "other", "runs", "opened"];
const OF_A_RUN = /^run-/;

/** infos: from the server, see live/networks.py. more: further names (runs, opened files). titles: names of runs.
 *  -> [{id, title, options: [{name, title, details, text}]}], without empty groups. */
export function grouped(infos, more, titles = {}) {
  const known = new Set(infos.map(({ name }) => name));
  const all = [...infos, ...[...new Set(more)].filter((name) => name && !known.has(name)).map((name) => ({ name }))];
  return GROUPS.map((id) => {
    const group = t(`picker.group.${id}`);
    const options = all.filter((info) => groupOf(info) === id).sort(byError).map((info) => option(info, group, titles));
    return { id, title: group, options };
  }).filter(({ options }) => options.length);
}

function groupOf({ name, group }) {
  if (OF_A_RUN.test(name)) return "runs";
  if (name.startsWith("upload-")) return "opened";
  return GROUPS.includes(group) ? group : "other";
}

/** Networks with a transformer before plain ones, the better ones first. */
const byError = (a, b) => !a.transform - !b.transform || (a.error ?? 100) - (b.error ?? 100);

/** text: what a search looks at; the title of the group belongs to it, which says on what the network was trained. */
function option(info, group, titles) {
  const title = titles[info.name] ?? titleOf(info);
  const details = [posesOf(info), errorOf(info), title === info.name ? "" : info.name].filter(Boolean).join(" · ");
  return { name: info.name, title, details, text: `${group} ${title} ${details}`.toLowerCase() };
}

function titleOf({ name, classifier, transform }) {
  if (classifier === undefined) return name;
  const kind = t(transform ? `picker.kind.${transform}` : "picker.kind.plain");
  return t("picker.title", { kind, reader: has(`picker.reader.${classifier}`) ? t(`picker.reader.${classifier}`) : classifier });
}

function posesOf({ trained }) {
  if (!trained) return "";
  const [turn] = trained.rotation.map(Math.abs);
  const [least, most] = trained.scale;
  const parts = [turn ? t("picker.turned", { turn: number(turn) }) : ""];
  if (least !== 1 || most !== 1) parts.push(t("picker.scaled", { least: number(least, 2), most: number(most, 2) }));
  return parts.filter(Boolean).join(", ");
}

const errorOf = ({ error }) => (error === null || error === undefined ? "" : t("picker.error", { value: number(error, 2) }));
