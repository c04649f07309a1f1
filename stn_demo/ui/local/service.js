// Service worker: caches the page for offline use. Files of every visit are cached at once, others when they are requested.

const CACHE = "stn-@VERSION@"; // each version of the page has files of its own
const FILES = "@FILES@";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("stn-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(answer(request));
});

/** The page itself comes from the network first, so that a new version is noticed; files of this version from the cache. */
async function answer(request) {
  const cache = await caches.open(CACHE);
  const options = { ignoreSearch: true };
  if (request.mode !== "navigate") {
    const kept = await cache.match(request, options);
    if (kept) return kept;
  }
  try {
    const found = await fetch(request);
    if (found.ok && request.mode !== "navigate") await cache.put(request, found.clone());
    return found;
  } catch (error) {
    const kept = await cache.match(request, options);
    if (kept) return kept;
    throw error;
  }
}
