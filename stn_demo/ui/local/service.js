// Service worker: caches the page for offline use. It serves the files of one version only: those of every visit are cached at
// once, others when they are requested. A new version is cached beside it, and takes over when the page is opened again.

const VERSION = "@VERSION@";
const PREFIX = "stn-"; // of the caches, one for each version
const FILES = "@FILES@";
const MARK = "stn-site.json"; // says which version the web server has
const PAGE = "./";
const WHOLE = "whole"; // in a cache: all files are there

let served = VERSION; // a newer version from the moment in which the page is opened again
const cacheOf = (version) => caches.open(PREFIX + version);

const current = (request) => new Request(request, { cache: "no-cache" }); // never an older version from the browser's own cache

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await cacheOf(VERSION);
    await cache.addAll(FILES.map(current));
    if (await published() !== VERSION) throw new Error("Another version was published during the download.");
    await cache.put(WHOLE, new Response());
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== PREFIX + VERSION) await caches.delete(name);
  })());
});

/** "take over" from the service worker of the earlier version; or, from a page (offline.js), its version and the files that it has fetched. */
self.addEventListener("message", (event) => {
  const { data } = event;
  if (data === "take over") return event.waitUntil(self.skipWaiting());
  if (data.version !== served) return;
  event.waitUntil((async () => {
    await self.clients.claim();
    const cache = await cacheOf(served);
    for (const address of data.fetched) if (isOurs(address) && !(await cache.match(address))) await added(cache, address);
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && isOurs(request.url)) event.respondWith(answer(request));
});

const isOurs = (url) => url.startsWith(self.registration.scope) && !url.endsWith(`/${MARK}`) && !url.endsWith("/service.js");

async function answer(request) {
  const opens = request.mode === "navigate";
  const { waiting } = self.registration;
  if (opens && waiting && (await self.clients.matchAll()).length < 2) { // no other tab uses this version
    served = await newest();
    waiting.postMessage("take over"); // it begins when this worker has answered
  }
  const cache = await cacheOf(served);
  const kept = await cache.match(opens && isPage(request.url) ? PAGE : request, { ignoreSearch: true });
  return kept ?? added(cache, request);
}

/** The version that was cached last as a whole. */
async function newest() {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  for (const name of names.reverse()) if (await (await caches.open(name)).match(WHOLE)) return name.slice(PREFIX.length);
  return served;
}

function isPage(url) {
  const { origin, pathname } = new URL(url);
  return [self.registration.scope, `${self.registration.scope}index.html`].includes(origin + pathname);
}

/** A file from the web server, which is cached if it is of this version; a file of another version is not used. */
async function added(cache, request) {
  const found = await fetch(current(request));
  if (!found.ok) return found;
  if (await published() !== served) {
    self.registration.update().catch(() => {});
    for (const client of await self.clients.matchAll()) client.postMessage("other version");
    return new Response("", { status: 409, statusText: "Another version was published" });
  }
  await cache.put(request, found.clone()).catch(() => {}); // without space the file is used all the same
  return found;
}

async function published() {
  const mark = await fetch(MARK, { cache: "no-store" });
  return mark.ok ? (await mark.json()).version : null;
}
