// JSON requests outside the live channel.

import { local } from "./local.js";
import { Offline, reach } from "./offline.js";

/**
 * {get(path), post(path, body), fetched(path, options)}; get and post -> parsed JSON, also of a refusal ({error: {code, message}}).
 * fetched(path, options) -> Response, of answers that are not JSON.
 * `body` is sent as it is if it is text, a Blob or bytes, else as JSON. Throws Offline without a connection.
 */
export function createHttp(root) {
  if (local()) return local().http;
  async function ask(path, options) {
    const answer = await reach(new URL(path, root), options);
    const text = await answer.text().catch((error) => { throw new Offline(error.message); });
    try {
      return JSON.parse(text);
    } catch {
      // not JSON: an answer of a proxy in front of the app
      const code = answer.status === 413 ? "too_large_for_proxy" : "unknown";
      return { error: { code, message: `${answer.status} ${answer.statusText}` } };
    }
  }
  return {
    get: (path) => ask(path),
    fetched: (path, options) => reach(new URL(path, root), options),
    post(path, body) {
      const bytes = body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body);
      const asItIs = bytes || typeof body === "string";
      return ask(path, { method: "POST", body: asItIs ? body : JSON.stringify(body) });
    },
  };
}
