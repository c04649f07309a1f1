// The published training runs: the answers of the Train page's routes, and the networks of their snapshots.

const NAME = /^run-([a-z0-9-]{1,40})-(latest|\d{1,9})(-twin)?$/;
const REST = { version: "published", running: null };
const UNKNOWN = { code: "run_unknown_run", kind: "unknown_run", values: {}, message: "This run was not published." };

/** How the worker runs a network of a run: an entry as in index.networks; null if no snapshot of this name was published. */
export function ofRun(name, { recorded = {} }) {
  const [, id, at, twin] = NAME.exec(name) ?? [];
  const run = id && Object.hasOwn(recorded, id) ? recorded[id] : null;
  const about = run?.[twin ? "twin" : "network"];
  const step = at === "latest" ? run?.steps.at(-1) : Number(at);
  return about && run.steps.includes(step) ? { ...about, weights: about.weights.replace("*", step) } : null;
}

/** data(name): promise of a JSON file below stn/local/data; file(address): promise of a Response.
 * -> {gets: answers by path, files: Responses by path}, each takes the query. */
export function createRecorded(data, file) {
  const index = () => data("index.json");
  const gets = {
    "stn/train": async () => ({ ...REST, allowed: false, closed: "published", problem: null, runs: (await index()).runs ?? [], presets: [], choices: null }),
    "stn/train/networks": async () => {
      const { infos, runs = [] } = await index();
      return { models: infos, runs };
    },
    "stn/train/log": async (query) => {
      const [id, since] = [query.get("id"), Number(query.get("since"))];
      if (!id) return REST;
      const run = (await index()).runs?.find((one) => one.id === id);
      if (!run) return { ...REST, error: UNKNOWN };
      if (since < 0) return { run };
      return since ? REST : { ...REST, ...(await data(`runs/${id}/log.json`)) }; // a finished run has no changes
    },
  };
  const files = {
    "stn/train/strip": async (query) => {
      const id = query.get("id");
      const found = ofRun(`run-${id}-${query.get("step")}`, await index());
      if (!found) return new Response(null, { status: 204 });
      return file(found.weights.replace(/bin$/, "strip"));
    },
    "stn/train/export": (query) => file(`runs/${encodeURIComponent(query.get("id"))}/export.${query.get("format") === "csv" ? "csv" : "json"}`),
  };
  return { gets, files };
}
