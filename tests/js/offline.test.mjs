// Without a connection, requests throw Offline; a TypeError of the program is not taken for it.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { createRoutes } from "../../stn_demo/ui/local/static/routes.js";
import { createCalls } from "../../stn_demo/ui/shared/calls.js";
import { createHttp } from "../../stn_demo/ui/shared/http.js";
import { Offline } from "../../stn_demo/ui/shared/offline.js";
import { createSession } from "../../stn_demo/ui/train/static/runs-model.js";

const ROOT = "http://localhost/";
const original = { fetch: globalThis.fetch, error: console.error };
afterEach(() => {
  globalThis.fetch = original.fetch;
  console.error = original.error;
});
const lost = async () => { throw new TypeError("Failed to fetch"); };

test("every kind of request throws Offline", async () => {
  globalThis.fetch = lost;
  const http = createHttp(ROOT);
  const calls = createCalls(ROOT);
  const files = createRoutes(ROOT, null);
  for (const request of [
    () => http.get("stn/strip"), () => http.post("stn/link", {}), () => http.fetched("stn/train/strip"),
    () => calls.frame("{}"), () => calls.status(), () => files.get("stn/strip"), () => files.fetched("stn/train/export?id=one"),
  ]) await assert.rejects(request, Offline, String(request));
});

test("a connection that is lost within an answer is Offline", async () => {
  globalThis.fetch = async () => ({ text: lost });
  await assert.rejects(() => createHttp(ROOT).get("stn/strip"), Offline);
});

test("a file that is missing is Offline, and is requested again", async () => {
  globalThis.fetch = async () => new Response(null, { status: 404 });
  const files = createRoutes(ROOT, null);
  await assert.rejects(() => files.get("stn/strip"), Offline);
  globalThis.fetch = async () => Response.json(["strip"]);
  assert.deepEqual(await files.get("stn/strip"), ["strip"]);
});

for (const [name, fault, count] of [["Offline", new Offline("lost"), 0], ["a TypeError", new TypeError("null has no x"), 1]]) {
  test(`the Train page writes ${count ? "" : "nothing "}to the console on ${name}`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] }); // it asks again later
    const written = [];
    console.error = (error) => written.push(error);
    const session = createSession({ get: async () => { throw fault; } });
    await new Promise((done) => {
      session.on("offline", done);
      session.show(true);
    });
    assert.deepEqual(written, Array(count).fill(fault));
  });
}
