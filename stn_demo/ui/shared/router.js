/** The current address of the page, its changes, and their listeners. The format of an address: route.js. */

import { format, parse } from "./route.js";

const listeners = new Set();
const leaving = new Set();
let known = null; // the hash that was last written or reported

export const route = () => parse(location.hash);

/** Adds an entry to the history: Back returns to the previous one.
 *  change: {page, place, options, values}; what is left out stays as it is. */
export function go(change) {
  for (const tell of leaving) tell();
  move("pushState", change);
  tellAll();
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

/** tell(): called before go() leaves the current entry, to write what is not yet in the address. */
export function beforeLeaving(tell) {
  leaving.add(tell);
}

function move(method, change) {
  const now = route();
  const samePage = change.page === undefined || change.page === now.page;
  const next = { ...now, ...(samePage ? {} : { place: "", options: {} }), ...change };
  const hash = format(next);
  history[method](history.state, "", location.pathname + location.search + hash);
  known = location.hash;
}

function tellAll() {
  known = location.hash;
  for (const listener of listeners) listener(route());
}

function moved() {
  if (location.hash !== known) tellAll();
}
addEventListener("popstate", moved);
addEventListener("hashchange", moved);
