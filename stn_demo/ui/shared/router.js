/** The current address of the page, its changes, and their listeners. The format of an address: route.js. */

import { format, parse } from "./route.js";

const CLOSED = "stn-closed"; // session storage: {after: the last hash, before: the hashes that it replaced shortly before}
const RECENT = 5000; // ms
const PATIENCE = 40; // frames in which a page that Back opens reaches its height
const HELD = 3; // frames that its scroll position lasts once nothing is laid out again
const listeners = new Set();
const leaving = new Set();
let known = null; // the hash that was last written or reported
let replaced = []; // {hash, at}: replaced in this history entry within RECENT

restoreLast();
addEventListener("pagehide", storeLast);
addEventListener("pageshow", forgetLast); // Back has restored the page with its address

export const route = () => parse(location.hash);

/** Adds an entry to the history: Back returns to the previous one, and to the place to which it was scrolled.
 *  change: {page, place, options, values}; what is left out stays as it is. */
export function go(change) {
  for (const tell of leaving) tell();
  history.replaceState({ ...history.state, top: scrollY }, "");
  move("pushState", change);
  notify();
}

/** Replaces the current history entry: reload and links keep it, Back skips it. No listener is called. */
export function note(change) {
  move("replaceState", change);
}

/** listener(route): the address has changed by go(), by Back or Forward, or because a link was followed. */
export function onRoute(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** tell(): called before go() leaves the current entry and before the page closes, to write what is not yet in the address. */
export function beforeLeaving(tell) {
  leaving.add(tell);
}

function move(method, change) {
  const now = route();
  const samePage = change.page === undefined || change.page === now.page;
  const next = { ...now, ...(samePage ? {} : { place: "", options: {} }), ...change };
  const hash = format(next);
  const at = performance.now();
  replaced = method === "pushState" ? [] : [...replaced.filter((one) => at - one.at < RECENT), { hash: location.hash, at }];
  const state = method === "pushState" ? { ...history.state, top: 0 } : history.state;
  history[method](state, "", location.pathname + location.search + hash);
  known = location.hash;
}

/** A reload that has begun uses the address from before and ignores changes that are made while the page closes. The last
 * address is therefore stored, and restored when the page opens again. */
function storeLast() {
  for (const tell of leaving) tell();
  try {
    const last = { after: location.hash, before: replaced.map(({ hash }) => hash) };
    sessionStorage.setItem(CLOSED, JSON.stringify(last));
  } catch {
    // Without storage, a reload loses a change that is not yet in the address.
  }
}

function restoreLast() {
  try {
    const { after, before } = JSON.parse(sessionStorage.getItem(CLOSED)) ?? {};
    forgetLast();
    const [{ type }] = performance.getEntriesByType("navigation");
    if (type !== "reload" || !before?.includes(location.hash) || typeof after !== "string") return;
    history.replaceState(history.state, "", location.pathname + location.search + after);
  } catch {
    // storage is forbidden, or another script has written there
  }
}

function forgetLast() {
  try {
    sessionStorage.removeItem(CLOSED);
  } catch {
    // storage is forbidden
  }
}

function notify() {
  known = location.hash;
  for (const listener of listeners) listener(route());
}

function moved() {
  if (location.hash === known) return;
  notify();
  if (history.state?.top) scrollBack(history.state.top);
}

/** Scrolls the page that has just been opened again to this place, as soon as it is laid out. */
async function scrollBack(top) {
  for (let frame = 0, held = 0; frame < PATIENCE && held < HELD; frame += 1) {
    await new Promise(requestAnimationFrame);
    held = Math.abs(scrollY - top) < 2 ? held + 1 : 0;
    if (!held) scrollTo({ top });
  }
}
addEventListener("popstate", moved);
addEventListener("hashchange", moved);
