// Without a connection, requests throw Offline; a TypeError of the program is not taken for it.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Refused } from "../../stn_demo/ui/local/static/refused.js";
import { createRoutes } from "../../stn_demo/ui/local/static/routes.js";
import { createCalls } from "../../stn_demo/ui/shared/calls.js";
import { createHttp } from "../../stn_demo/ui/shared/http.js";
import { answered } from "../../stn_demo/ui/explore/static/ask.js";
import { Offline, problemOf } from "../../stn_demo/ui/shared/offline.js";
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

test("the visitor is told what failed: the connection, a refusal, or the program, which the console has too", async () => {
  const written = [];
  console.error = (error) => written.push(error);
  const [refused, fault] = [new Refused("unknown_model", "There is no checkpoint 'x' here."), new TypeError("null has no x")];
  assert.deepEqual(problemOf(new Offline("lost")), { code: "offline", message: "lost" });
  assert.equal(problemOf(refused), refused);
  assert.deepEqual(written, []);
  assert.deepEqual(problemOf(fault), { code: "module", message: "null has no x" });
  assert.deepEqual(written, [fault]);
  assert.equal(problemOf(new DOMException("stopped", "AbortError")).code, "module"); // its own code is a number
});

test("a request of Explore that fails shows what failed", async () => {
  console.error = () => {};
  const shown = [];
  const store = { emit: (name, { error }) => shown.push([name, error.code]) };
  for (const error of [new Offline("lost"), new TypeError("null has no x")]) assert.equal(await answered(store, Promise.reject(error)), null);
  assert.deepEqual(await answered(store, Promise.resolve({ digit: 5 })), { digit: 5 });
  assert.equal(await answered(store, Promise.resolve({ error: { code: "no_digit" } })), null);
  assert.deepEqual(shown, [["toast", "offline"], ["toast", "module"], ["toast", "no_digit"]]);
});
