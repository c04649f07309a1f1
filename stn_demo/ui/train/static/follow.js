// On every page: keeps the list of networks, and the frame of a network in training, up to date.

import { createHttp } from "../../shared/http.js";
import { t } from "../../shared/i18n.js";
import { Offline } from "../../shared/offline.js";
import { runName, title } from "./format.js";

const EVERY = 700; // ms
const AT_REST = 4000;
const OF_A_RUN = /^run-([a-z0-9-]+)-(latest|\d+)(-twin)?$/;

/** root: base url of the app. The store's event "networks" says that names have changed. */
export async function follow(root) {
  while (!window.stn) await new Promise((done) => setTimeout(done, 30));
  const { stn } = window;
  const { store } = stn;
  const http = createHttp(root);
  let timer = 0;
  let step = null;
  let runs = []; // of the server: {id, name, created, accuracy, twin, twin_accuracy}
  let watched = null; // the run whose network is on the stage

  async function networks() {
    const { models, runs: trained } = await http.get("stn/train/networks").catch(() => ({}));
    if (!models?.length) return;
    runs = trained;
    const known = JSON.stringify([stn.networks, stn.runs]);
    stn.networks = models.map(({ name }) => name);
    stn.runs = runs.flatMap(({ id, twin }) => {
      const name = `run-${id}-latest`;
      return twin ? [{ name, twin: `${name}-twin` }, { name: `${name}-twin` }] : [{ name }];
    });
    if (!called() && JSON.stringify([stn.networks, stn.runs]) !== known) store.emit("networks");
  }

  async function watch() {
    clearTimeout(timer);
    const { model, twin } = store.get();
    const id = OF_A_RUN.exec(model)?.[1] ?? OF_A_RUN.exec(twin)?.[1];
    if (!id) return;
    let pause = AT_REST;
    if (!document.hidden) {
      try {
        const { run } = await http.get(`stn/train/log?id=${id}&since=-1`);
        watched = run ?? null;
        called();
        if (run && run.step !== step) {
          step = run.step;
          if (/latest/.test(model + twin)) stn.refreshModels();
        }
        if (run?.state === "running" || run?.state === "starting") pause = EVERY;
      } catch (error) {
        if (!(error instanceof Offline)) console.error(error);
        // no connection: the status line says so; tried again later
      }
    }
    clearTimeout(timer);
    timer = setTimeout(watch, pause);
  }

  /** Updates the names of the networks of runs in the pickers: current runs, and the snapshot on the stage. -> whether changed */
  function called() {
    const known = JSON.stringify(stn.names);
    stn.names = {};
    for (const run of runs) {
      stn.names[`run-${run.id}-latest`] = runName(run);
      if (run.twin) stn.names[`run-${run.id}-latest-twin`] = `${runName(run, run.twin_accuracy)} · ${t("train.net.twin")}`;
    }
    const { model, twin } = store.get();
    for (const name of [model, twin]) {
      const [, id, at, plain] = OF_A_RUN.exec(name) ?? [];
      if (!watched || id !== watched.id || (at === "latest" && stn.names[name])) continue;
      const point = at === "latest" ? t("train.net.now") : t("train.timeline.step", { step: at });
      stn.names[name] = [title(watched), ...(plain ? [t("train.net.twin")] : []), point].join(" · ");
    }
    const isNew = JSON.stringify(stn.names) !== known;
    if (isNew) store.emit("networks");
    return isNew;
  }

  store.subscribe((_, keys) => (keys.includes("model") || keys.includes("twin")) && watch());
  store.on("status", networks);
  store.on("lang", called);
  document.addEventListener("focusin", ({ target }) => target.closest?.(".picker") && networks()); // runs may have changed
  networks();
  watch();
}
