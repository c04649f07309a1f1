/** What an address says: which page is open, and what it shows.
 *
 * The part after "#" holds pairs name=value, separated by "&". One name may be a page, with or without a place in it:
 * "#train", "#learn=sampler". All other pairs belong to the stage: "#scene=small-digit", "#s=...". They stay in the
 * address while another page is open, so that a reload there keeps the drawing. Without a page, Explore is open.
 */

export const PAGES = ["explore", "learn", "train", "results"];
const DEFAULT_PAGE = PAGES[0];

/** "#train&s=abc" -> {page: "train", place: "", values: {s: "abc"}} */
export function parse(hash) {
  const route = { page: DEFAULT_PAGE, place: "", values: {} };
  for (const pair of hash.replace(/^#/, "").split("&")) {
    if (!pair) continue;
    const at = pair.indexOf("=");
    const name = at < 0 ? pair : pair.slice(0, at);
    const value = at < 0 ? "" : decoded(pair.slice(at + 1));
    if (PAGES.includes(name)) [route.page, route.place] = [name, value];
    else route.values[name] = value;
  }
  return route;
}

/** The inverse of parse; "" where there is nothing to say. */
export function format({ page, place = "", values = {} }) {
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${encoded(value)}`);
  if (page !== DEFAULT_PAGE) pairs.unshift(place ? `${page}=${encoded(place)}` : page);
  return pairs.length ? `#${pairs.join("&")}` : "";
}

// Commas and colons may stand in a fragment as they are; written out they would take three letters each.
const encoded = (text) => encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":");

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // cut off in the middle of a letter; whoever reads the value refuses it
  }
}
