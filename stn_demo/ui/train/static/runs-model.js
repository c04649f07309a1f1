// The page's model of the runs, updated twice a second while the page is visible.

import { Offline } from "../../shared/offline.js";

const EVERY = 500; // ms
const AT_FIRST = 150; // while a run starts and in its first seconds, when most changes
const FIRST = 3; // seconds of training
const AFTER_FAILURE = 1500;
const ACTIVE = new Set(["starting", "running", "paused"]);
const STEPS = ["step", "loss", "accuracy", "twin_loss", "twin_accuracy"];
const TESTS = ["step", "accuracy", "twin_accuracy"];
const RATES = ["step", "learning_rate"];

export const isActive = (run) => ACTIVE.has(run?.state);
const isBeginning = (run) => run?.state === "starting" || (run?.state === "running" && run.seconds < FIRST);

/**
 * overview: the answer of GET stn/train, null at first; its problem: why no runs can be listed, or null.
 * id, run: the run that is watched (status and settings), or null.
 * curves: {steps, tests, rates}, columns; rates: where the learning rate was changed. snapshots: its steps. at: the snapshot that is shown, null for the current network.
 * preset: the name of the chosen preset, also after its settings were changed.
 * Events: "overview", "preset", "run" (another run is watched), "chosen" (by the visitor, from the list), "progress" (its log has new lines), "at", "visible", "lang", "toast",
 * "offline", "online".
 */
export function createSession(http) {
  const listeners = new Map();
  let next = 0; // line of the log
  let version = null;
  let timer = 0;
  let asking = false;
  let hurried = false;
  let known = null; // the run in training at the last update

  const session = {
    overview: null,
    id: null,
    run: null,
    curves: empty(),
    snapshots: [],
    at: null,
    preset: null,
    visible: false,
    on(name, fn) {
      if (!listeners.has(name)) listeners.set(name, []);
      listeners.get(name).push(fn);
    },
    emit(name, value) {
      for (const fn of listeners.get(name) ?? []) {
        try {
          fn(value);
        } catch (error) {
          console.error(error);
          if (!fn.reported && name !== "toast") {
            fn.reported = true;
            session.emit("toast", { key: "error.module", args: { message: String(error.message ?? error) } });
          }
        }
      }
    },
    /** Shows this run from now on. */
    watch(id) {
      if (id === session.id) return;
      session.id = id;
      session.run = session.overview?.runs.find((run) => run.id === id) ?? null;
      session.curves = empty();
      session.snapshots = [];
      next = 0;
      session.look(null);
      session.emit("run");
      session.refresh();
    },
    /** Shows the snapshot of this step; null: the current network. */
    look(at) {
      if (at === session.at) return;
      session.at = at;
      session.emit("at");
    },
    /**
     * The name of the network that is shown; before the first run, the initial network of the preset; null if there is none.
     * Likewise for its twin.
     */
    network(at = session.at) {
      if (session.id) return session.run?.steps ? `run-${session.id}-${at ?? "latest"}` : null;
      return session.preset && session.overview?.runs.length === 0 ? `untrained-${session.preset}` : null;
    },
    twin(at = session.at) {
      return session.run?.twin && session.network(at) ? `${session.network(at)}-twin` : null;
    },
    show(visible) {
      if (visible === session.visible) return;
      session.visible = visible;
      session.emit("visible");
      session.refresh();
    },
    /** Update at once. */
    refresh() {
      if (asking) hurried = true;
      else tick();
    },
  };

  async function tick() {
    clearTimeout(timer);
    if (!session.visible) return;
    asking = true;
    hurried = false;
    let pause = EVERY;
    try {
      if (!session.overview) await overview();
      const id = session.id;
      const report = await http.get(`stn/train/log?id=${id ?? ""}&since=${next}`);
      if (report.version && report.version !== version) await overview();
      if (report.error) await gone(id);
      else if (id === session.id) take(report);
      follow(report.running);
      if (isBeginning(session.run)) pause = AT_FIRST;
      session.emit("online");
    } catch (error) {
      if (!(error instanceof Offline)) console.error(error);
      session.emit("offline");
      pause = AFTER_FAILURE;
    }
    asking = false;
    timer = setTimeout(tick, hurried ? 0 : pause);
  }

  async function overview() {
    session.overview = await http.get("stn/train");
    version = session.overview.version;
    session.emit("overview");
  }

  /** The run has been deleted, here or elsewhere. */
  async function gone(id) {
    await overview();
    if (session.id === id) session.watch(session.overview.running ?? session.overview.runs[0]?.id ?? null);
  }

  /** A new run is watched, unless the visitor watches one that is still in training. */
  function follow(running) {
    const begins = running && running !== known;
    known = running;
    if (!session.id) session.watch(running ?? session.overview.runs[0]?.id ?? null);
    else if (begins && running !== session.id && !isActive(session.run) && session.at === null) session.watch(running);
  }

  function take(report) {
    if (!report.run) return;
    next = report.next;
    if (report.restarted) session.curves = empty();
    session.run = report.run;
    session.snapshots = report.snapshots;
    append(session.curves.steps, report.steps, STEPS);
    append(session.curves.tests, report.tests, TESTS);
    append(session.curves.rates, report.rates, RATES);
    session.emit("progress");
  }
  return session;
}

const columns = (names) => Object.fromEntries(names.map((name) => [name, []]));
const empty = () => ({ steps: columns(STEPS), tests: columns(TESTS), rates: columns(RATES) });

/** Appends new rows; steps that a resumed run repeats replace the earlier ones. */
function append(target, report, names) {
  if (!report?.step?.length) return;
  const first = report.step[0];
  let kept = target.step.length;
  while (kept && target.step[kept - 1] >= first) kept -= 1;
  for (const name of names) {
    target[name].length = kept;
    target[name].push(...report[name]);
  }
}
