/** The content of an address: the open page, and what it shows.
 *
 * The part after "#" holds pairs name=value, separated by "&". One name may be a page, with or without a place in it:
 * "#train", "#learn=sampler". All other pairs belong to the stage: "#scene=small-digit", "#s=...". They stay in the
 * address while another page is open, so that a reload there keeps the drawing. Without a page, Explore is open. A page may
 * carry options of its own after a question mark: "#learn?test=both", "#learn=sampler?test=both".
 */

const PAGES = ["explore", "learn", "train", "results"];
const DEFAULT_PAGE = PAGES[0];

/** "#train&s=abc" -> {page: "train", place: "", options: {}, values: {s: "abc"}} */
export function parse(hash) {
  const route = { page: DEFAULT_PAGE, place: "", options: {}, values: {} };
  for (const pair of hash.replace(/^#/, "").split("&")) {
    if (!pair) continue;
    const [whole, option] = pair.split("?", 2);
    const [page, place] = split(whole);
    if (PAGES.includes(page)) {
      [route.page, route.place] = [page, decoded(place)];
      if (option) route.options = { [split(option)[0]]: decoded(split(option)[1]) };
    } else {
      const [name, value] = split(pair);
      route.values[name] = decoded(value);
    }
  }
  return route;
}

/** "name=value" -> [name, value] */
function split(pair) {
  const at = pair.indexOf("=");
  return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** Whether an address names a page or a state of the stage; otherwise the visitor's first page opens. */
export const saysSomething = (hash) => hash.replace(/^#/, "") !== "";

/** The inverse of parse; "" for the default. */
export function format({ page, place = "", options = {}, values = {} }) {
  const pairs = Object.entries(values).map(([name, value]) => `${name}=${encoded(value)}`);
  const asked = Object.entries(options).map(([name, value]) => `?${name}=${encoded(value)}`).join("");
  if (page !== DEFAULT_PAGE) pairs.unshift((place ? `${page}=${encoded(place)}` : page) + asked);
  return pairs.length ? `#${pairs.join("&")}` : "";
}

// Commas and colons are allowed in a fragment; escaped they would take three characters each.
const encoded = (text) => encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":");

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // cut off in the middle of a character; the reader of the value refuses it
  }
}
