// Composes the Results page: fetches the measurements once per pair, and loads a module for each part.

import { whenBack } from "../../shared/again.js";
import { createHttp } from "../../shared/http.js";
import { errorText, number, t, translate } from "../../shared/i18n.js";
import { problemOf } from "../../shared/offline.js";
import { openExplore } from "./explore.js";
import { attachFailures } from "./failures.js";
import { attachMeans } from "./means.js";
import { attachPlots } from "./plots.js";
import { attachTable } from "./table.js";
import { attachTurning } from "./turning.js";

/** element: the Gradio component that holds results.html; root: base url of the app, with a slash at the end. */
export async function start({ element, root: base }) {
  const root = element.querySelector(".stn-results");
  const http = createHttp(base);
  const stn = await stage();
  const find = (id) => root.querySelector(`#results-${id}`);
  let report = null;
  let problem = null; // {code, message} of the last answer, or null
  let asked = 0;

  const context = { root, http, base, stn, choose };
  const parts = [attachTable, attachTurning, attachPlots, attachMeans, attachFailures].map((attach) => attach(context));

  /** Show the pair of this network; "" for the first one. */
  async function choose(name) {
    const request = ++asked;
    root.setAttribute("aria-busy", "true");
    let answer;
    try {
      answer = await http.get(`stn/results?pair=${encodeURIComponent(name)}`);
    } catch (error) {
      answer = { error: problemOf(error) };
      whenBack(() => request === asked && choose(name));
    }
    if (request !== asked) return; // another has been chosen in the meantime
    root.removeAttribute("aria-busy");
    problem = answer.error ?? null;
    if (!problem) report = answer;
    show();
  }

  function show() {
    translate(root);
    const missing = !problem && !report?.pair;
    find("none").hidden = !problem && !missing;
    find("none").textContent = problem ? errorText(problem) : missing ? t("results.none", { how: report?.how ?? "" }) : "";
    find("all").hidden = !report?.pair;
    if (!report?.pair) return;
    opening(report);
    header(report);
    for (const part of parts) part(report);
    root.dataset.pair = report.pair.name;
  }

  /** The main conclusions, above all tables. */
  function opening({ opening: sentences }) {
    const said = ({ key, args }) => t(key, args.distortion ? { ...args, distortion: t(`train.distortion.${args.distortion}`) } : args);
    find("opening").replaceChildren(...sentences.map((sentence) => {
      const text = [sentence, ...sentence.also].map(said).join(document.documentElement.lang === "en" ? " " : "");
      return Object.assign(document.createElement("li"), { textContent: text });
    }));
    find("opening").parentElement.hidden = !sentences.length;
  }

  function header({ pairs, pair, files }) {
    const select = find("pair");
    select.replaceChildren(...pairs.map((one) => {
      const text = t("results.pair.option", { name: one.name, error: number(one.error, 2) });
      return Object.assign(document.createElement("option"), { value: one.name, textContent: text });
    }));
    select.value = pair.name;
    find("about").textContent = about(pair);
    find("key-net").textContent = pair.name;
    find("key-twin").textContent = pair.twin ?? "";
    find("key-twin").hidden = !pair.twin;
    const date = new Date(pair.date).toLocaleDateString(document.documentElement.lang, { dateStyle: "medium" });
    const made = { date, command: pair.command, sha: pair.sha256.slice(0, 12) };
    find("made").textContent = t(pair.stale ? "results.made.stale" : "results.made", made);
    find("made").classList.toggle("alarm", pair.stale);
    find("files").replaceChildren(...files.flatMap((name) => {
      const href = new URL(`stn/results/measured/${name}`, base).href;
      return [Object.assign(document.createElement("a"), { href, textContent: name, download: name }), " "];
    }));
  }

  find("pair").addEventListener("change", ({ target }) => choose(target.value));
  find("explore").addEventListener("click", () => {
    openExplore(stn.store, { model: report.pair.name, twin: report.pair.twin, grab: null });
  });
  stn.store.on("lang", () => show());
  translate(root);
  await choose("");
}

/** The sentence about the current pair. */
function about({ twin, error, interval, count, twin_error, parameters, distortion, data, training_seconds, machine, device }) {
  const args = {
    error: number(error, 2), low: number(interval[0], 2), high: number(interval[1], 2), count: count.toLocaleString("en"),
    parameters: parameters.toLocaleString("en"), twin: number(twin_error, 2),
    set: t(`results.set.${data}`), distortion: t(`train.distortion.${distortion}`),
  };
  const sentences = [t(twin ? "results.about" : "results.about.alone", args)];
  if (training_seconds) {
    const minutes = number(training_seconds / 60, training_seconds < 600 ? 1 : 0);
    sentences.push(t("results.about.trained", { minutes, on: [device, machine].filter(Boolean).join(", ") || "?" }));
  }
  return sentences.join(" ");
}

/** The stage's own store: it is on the page's first tab, but may still be starting. */
async function stage() {
  while (!window.stn) await new Promise((done) => setTimeout(done, 30));
  return window.stn;
}
