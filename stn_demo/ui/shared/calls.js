// The channel over plain requests, for a page whose proxy blocks WebSockets.

import { local } from "./local.js";
import { Offline, reach } from "./offline.js";

/** root: base url. -> {frame(text): ArrayBuffer or JSON text; status(): JSON text}; both throw Offline without a connection. */
export function createCalls(root) {
  if (local()) return local().calls;
  return {
    async frame(text) {
      const answer = await reach(new URL("stn/ask", root), { method: "POST", body: text });
      if (answer.headers.get("content-type")?.startsWith("application/json")) return answer.text();
      if (!answer.ok) throw new Offline(`${answer.status} ${answer.statusText}`);
      return answer.arrayBuffer();
    },
    async status() {
      const answer = await reach(new URL("stn/status", root));
      if (!answer.ok) throw new Offline(`${answer.status} ${answer.statusText}`);
      return answer.text();
    },
  };
}
