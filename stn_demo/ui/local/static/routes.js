// Answers of the server's other routes, from published files. Routes that need a server answer with an error that says so.

import { toBase64 } from "../../shared/frame.js";
import { Offline, reach } from "../../shared/offline.js";
import { codeOf } from "./code.js";
import { checkedState } from "./link.js";
import { createRecorded } from "./recorded.js";

const PIXELS = 28 * 28;
const NEEDS_SERVER = { error: { code: "needs_server", message: "This needs the app's own server." } };
const NO_DIGIT = { error: { code: "no_digit", message: "There is no digit of this name on this machine." } };

/** root: base url of the page; numbers(question): the frame as numbers. -> {get(path), post(path, body), fetched(path)} as shared/http.js. */
export function createRoutes(root, numbers) {
  const files = new Map();
  const load = (address, take) => {
    if (!files.has(address)) {
      const content = reach(new URL(address, root)).then((answer) => (answer.ok ? answer[take]() : Promise.reject(new Offline(address))));
      files.set(address, content);
      content.catch(() => files.delete(address));
    }
    return files.get(address);
  };
  const data = (name) => load(`stn/local/data/${name}`, "json");
  const digits = async () => new Uint8Array(await load("stn/local/data/digits.bin", "arrayBuffer"));

  async function digit(index) {
    const all = await digits();
    if (!(index < all.length / (PIXELS + 1))) return NO_DIGIT;
    const start = index * (PIXELS + 1);
    return { digit: toBase64(all.subarray(start + 1, start + 1 + PIXELS)), label: all[start], name: `handwriting.${index}` };
  }
  const any = (length) => Math.floor(Math.random() * length);
  const recorded = createRecorded(data, (address) => reach(new URL(`stn/local/data/${address}`, root)));

  const gets = {
    ...recorded.gets,
    "stn/strip": () => data("strip.json"),
    "stn/random": async () => digit(any((await digits()).length / (PIXELS + 1))),
    "stn/ready": (query) => {
      const [, index] = /^handwriting\.(\d{1,6})$/.exec(query.get("name")) ?? [];
      return index === undefined ? NO_DIGIT : digit(Number(index));
    },
    "stn/draw": async (query) => {
      const drawn = (await data("poses.json"))[query.get("distortion")];
      return drawn ? { pose: drawn[any(drawn.length)] } : NEEDS_SERVER;
    },
    "stn/network": () => ({ own: [], saved: [] }),
    "stn/results": (query) => data(`results/${query.get("pair") ?? ""}.json`),
    "stn/results/failures": (query) => {
      const [network, twin, of] = ["network", "twin", "of"].map((name) => query.get(name) ?? "");
      return data(`results/failures/${network}~${twin}~${of || network}.json`);
    },
  };
  const posts = {
    "stn/link": async (text) => checkedState(text, await data("link.json"), await data("index.json")),
    "stn/export": async (question) => {
      const [found, { convention }] = await Promise.all([numbers(question), data("export.json")]);
      if (found.error) return found;
      const { about, digit: _, model, transform, ...rest } = found;
      return { model, transform, convention, ...rest };
    },
    "stn/code": async (question) => {
      const [found, { code }] = await Promise.all([numbers(question), data("export.json")]);
      return found.error ? found : { code: codeOf(code, question, found) };
    },
  };

  return {
    async get(path) {
      const [address, query] = path.split("?");
      if (Object.hasOwn(gets, address)) return gets[address](new URLSearchParams(query));
      return address.endsWith(".json") ? load(address, "json") : NEEDS_SERVER;
    },
    async fetched(path) {
      const [address, query] = path.split("?");
      if (Object.hasOwn(recorded.files, address)) return recorded.files[address](new URLSearchParams(query));
      return Response.json(NEEDS_SERVER, { status: 400 });
    },
    async post(path, body) {
      const [address] = path.split("?");
      return Object.hasOwn(posts, address) ? posts[address](body) : NEEDS_SERVER;
    },
  };
}
