// Settings and results in words.

import { has, number, t } from "../../shared/i18n.js";

/** 0.005 -> "0.005", 1e-4 -> "0.0001": as short as possible. */
export const short = (value) => String(Number(Number(value).toPrecision(2)));

/** The name of a value of the settings in the page's language, else the value itself. */
export const named = (prefix, value) => (has(`${prefix}.${value}`) ? t(`${prefix}.${value}`) : String(value));

/** The distortion that a run is trained and tested with. */
export const posesOf = ({ distortion }) => named("train.distortion", typeof distortion === "string" ? distortion : "own");

/** A run in one line, from a draft or a run's status. */
export function summary({ settings, twin, minutes, digits }) {
  const { model } = settings;
  const parts = [
    named("train.data", settings.data),
    posesOf(settings),
    model.placement.length
      ? t("train.sum.transform", { transform: named("train.transform", model.transform) })
      : t("train.sum.plain"),
  ];
  if (model.placement.length && model.placement.join() !== "input") {
    parts.push(t("train.sum.at", { places: model.placement.map((place) => named("train.place", place)).join(", ") }));
  }
  if (model.placement.length) {
    if (model.sampler !== "bilinear") parts.push(named("sampler", model.sampler));
    if (model.padding !== "zeros") parts.push(t("train.sum.padding", { padding: named("padding", model.padding) }));
  }
  parts.push(t("train.sum.rate", { rate: short(settings.learning_rate) }));
  if (settings.localization_factor !== 1) parts.push(t("train.sum.factor", { factor: short(settings.localization_factor) }));
  parts.push(minutes ? t("train.sum.minutes", { minutes: short(minutes) }) : t("train.sum.epochs", { epochs: short(settings.epochs) }));
  if (digits) parts.push(t("train.sum.digits", { digits }));
  parts.push(t("train.sum.seed", { seed: settings.seed }));
  if (twin) parts.push(t("train.sum.twin"));
  return parts.join(" · ");
}

/** 0.9123 -> "91.2 %" */
export const percent = (share) => (share == null ? "–" : t("probs.percent", { value: number(100 * share, 1) }));

/** Seconds as m:ss or h:mm:ss. */
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** The title of a run: its preset, or the name given by the visitor, else its start time. */
export function title(run) {
  if (run.name) return has(`train.preset.${run.name}`) ? t(`train.preset.${run.name}`) : run.name;
  const date = new Date(run.created);
  return Number.isNaN(date.getTime()) ? run.id : date.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
}

/** The name of a run among other networks: "A run of 14:05, 95.8 %: A minute's demo"; with the day if it is not today. */
export function runName(run, accuracy = run.accuracy) {
  const date = new Date(run.created);
  const today = date.toDateString() === new Date().toDateString();
  const time = date.toLocaleString(document.documentElement.lang, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
  const name = t(accuracy == null ? "train.net.new" : "train.net.called", { time, accuracy: percent(accuracy) });
  return run.name ? t("train.net.named", { run: name, name: title(run) }) : name;
}

/**
 * The fault of a run in the visitor's language: the sentence for its kind, filled with its values; values that are words
 * (an error of the system, a state) are translated, too. If there is no such sentence, the server's sentence.
 */
export function fault({ kind, values = {}, message }) {
  if (!has(`train.fault.${kind}`)) return message;
  const words = { ...values };
  if (has(`errno.${values.errno}`)) words.why = t(`errno.${values.errno}`);
  if (has(`train.state.${values.state}`)) words.state = t(`train.state.${values.state}`);
  if (values.point) words.point = named("train.place", values.point);
  return t(`train.fault.${kind}`, words);
}
