// On every page: the list of networks that there are, and a stage that is kept up to date with a network in training.

import { t } from "../../shared/i18n.js";
import { title } from "./format.js";

const EVERY = 700; // ms
const AT_REST = 4000;
const OF_A_RUN = /^run-([a-z0-9-]{1,40})-(latest|\d+)(-twin)?$/;

/** root: base url of the app. The event "networks" of the stage's store tells that names have changed. */
export async function follow(root) {
  while (!window.stn) await new Promise((done) => setTimeout(done, 30));
  const { stn } = window;
  const { store } = stn;
  let timer = 0;
  let step = null;

  async function networks() {
    const answer = await fetch(new URL("stn/train/networks", root)).catch(() => null);
    if (!answer?.ok) return;
    const { models } = await answer.json();
    if (!models.length) return;
    const known = JSON.stringify(stn.networks);
    stn.networks = models.map(({ name }) => name);
    if (JSON.stringify(stn.networks) !== known) store.emit("networks");
  }

  async function watch() {
    clearTimeout(timer);
    const { model, twin } = store.get();
    const id = OF_A_RUN.exec(model)?.[1] ?? OF_A_RUN.exec(twin)?.[1];
    if (!id) return;
    let pause = AT_REST;
    if (!document.hidden) {
      try {
        const { run } = await (await fetch(new URL(`stn/train/log?id=${id}&since=-1`, root))).json();
        if (run) called(run, [model, twin]);
        if (run && run.step !== step) {
          step = run.step;
          if (/latest/.test(model + twin)) stn.refreshModels();
        }
        if (run?.state === "running" || run?.state === "starting") pause = EVERY;
      } catch {
        // no connection: the stage says so; ask again later
      }
    }
    clearTimeout(timer);
    timer = setTimeout(watch, pause);
  }

  /** What the pickers call the networks of a run. */
  function called(run, names) {
    const known = JSON.stringify(stn.names);
    stn.names = {};
    for (const name of names) {
      const [, id, at, twin] = OF_A_RUN.exec(name) ?? [];
      if (id !== run.id) continue;
      const point = at === "latest" ? t("train.net.now") : t("train.timeline.step", { step: at });
      stn.names[name] = [title(run), ...(twin ? [t("train.net.twin")] : []), point].join(" · ");
    }
    if (JSON.stringify(stn.names) !== known) store.emit("networks");
  }

  store.subscribe((_, keys) => (keys.includes("model") || keys.includes("twin")) && watch());
  store.on("status", networks);
  networks();
  watch();
}
