// The exported graphs in onnxruntime: sessions by address, and the files that they are loaded from.

import * as ort from "../runtime/ort.wasm.bundle.min.mjs";
import { Refused } from "./refused.js";

const WEIGHTS = "weights"; // name of the weights file in a graph, see analysis/graph_file.py
const MOST = 30; // open graphs

ort.env.wasm.numThreads = 1; // more threads need headers that a static host does not send
ort.env.wasm.wasmPaths = { wasm: new URL("../runtime/ort-wasm-simd-threaded.wasm", import.meta.url).href };

export const tensor = (type, data, dims) => new ort.Tensor(type, data, dims);

/** Tensors by name, as a message can hold them. */
export const packed = (tensors) => Object.fromEntries(Object.entries(tensors).map(([name, { type, data, dims }]) => [name, { type, data, dims }]));

/** The reverse of packed. */
export const unpacked = (found) => Object.fromEntries(Object.entries(found).map(([name, { type, data, dims }]) => [name, tensor(type, data, dims)]));

/** root: base url of the page. -> {read(address), json(address), session(address, weights?)} of stn/local/data. */
export function createGraphs(root) {
  const base = new URL("stn/local/data/", root);
  const sessions = new Map();
  let turn = Promise.resolve(); // sessions are created one after the other: the runtime can hold one weights file at a time

  /** The bytes of a file. Throws Refused("not_fetched") if it cannot be downloaded. */
  async function read(address) {
    const refuse = (reason) => { throw new Refused("not_fetched", `${address}: ${reason}`); };
    const answer = await fetch(new URL(address, base)).catch((error) => refuse(error.message));
    if (!answer.ok) refuse(`${answer.status} ${answer.statusText}`);
    return new Uint8Array(await answer.arrayBuffer().catch((error) => refuse(error.message)));
  }

  async function open(address, weights) {
    const [graph, data] = await Promise.all([read(address), weights ? read(weights) : null]);
    const externalData = data ? [{ path: WEIGHTS, data }] : undefined;
    const session = turn.then(() => ort.InferenceSession.create(graph, { executionProviders: ["wasm"], externalData }));
    turn = session.catch(() => {});
    return session;
  }

  return {
    read,
    json: async (address) => JSON.parse(new TextDecoder().decode(await read(address))),
    /** The newest sessions stay open; one that failed to open is tried again the next time. */
    session(address, weights) {
      const key = `${address} ${weights}`;
      const found = sessions.get(key) ?? open(address, weights);
      sessions.delete(key);
      sessions.set(key, found); // moved to the end: the most recently used
      found.catch(() => sessions.delete(key));
      for (const [old, session] of sessions) {
        if (sessions.size <= MOST) break;
        sessions.delete(old);
        session.then((one) => one.release());
      }
      return found;
    },
  };
}
