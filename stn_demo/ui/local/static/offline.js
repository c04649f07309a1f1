// The page's part of its offline use: it registers the service worker and tells it what to cache beyond the files of every visit.

/** root: base url of the page; server: see local.js. Resolves when the service worker knows what this page, in this version, has fetched
 * before. Later, when the visitor begins the lesson, the networks of all its scenes are cached. */
export async function keepForOffline(root, server) {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  workers.addEventListener("message", () => window.stn.store.emit("toast", { key: "site.other_version" }));
  await workers.register(new URL("service.js", root));
  const { active } = await workers.ready;
  const keep = (fetched) => active.postMessage({ version: document.documentElement.dataset.version, fetched });
  const { store } = window.stn;
  if (!store.frame) await new Promise((done) => store.on("frame", done)); // by then its network is fetched
  const keepFetched = async () => keep([...performance.getEntriesByType("resource").map(({ name }) => name), ...(await server.fetched())]);
  workers.addEventListener("controllerchange", keepFetched); // what was fetched until the service worker took over
  await keepFetched();
  const lesson = document.querySelector("#page-learn");
  lesson?.addEventListener("click", async () => keep(await filesOfLesson(root, server.http)), { once: true });
}

async function filesOfLesson(root, http) {
  const [{ networks }, index] = await Promise.all([http.get("stn/learn/static/scenes.json"), http.get("stn/local/data/index.json")]);
  const used = Object.values(networks).map((name) => index.networks[name]).filter(Boolean);
  const files = used.flatMap(({ graphs, weights, losses }) => [...Object.values(graphs), weights, ...Object.values(losses ?? {})]);
  return [...new Set(files)].map((file) => new URL(`stn/local/data/${file}`, root).href);
}
