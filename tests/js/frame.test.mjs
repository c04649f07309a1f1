// Binary messages of the server. The bytes are built here by hand, as ui/live/codec.py describes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, fromBase64, GRID_UNIT, sideOf, toBase64, toWords } from "../../stn_demo/ui/shared/frame.js";

function message(header, ...arrays) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((4 + text.length) / 8) * 8;
  const bytes = new Uint8Array(start + arrays.reduce((sum, array) => sum + array.byteLength, 0));
  bytes.fill(0x20, 4 + text.length, start);
  new DataView(bytes.buffer).setUint32(0, start - 4, true);
  bytes.set(text, 4);
  let offset = start;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer), offset);
    offset += array.byteLength;
  }
  return bytes.buffer;
}

test("fields and arrays by name", () => {
  const grid = Int16Array.of(-GRID_UNIT, GRID_UNIT, 0, -32768);
  const digit = Uint8Array.of(0, 128, 255);
  const frame = decode(message({ id: 7, arrays: [["grid", "i2", [1, 2, 2]], ["digit", "u1", [3]]] }, grid, digit));
  assert.equal(frame.id, 7);
  assert.deepEqual([...frame.grid], [-4096, 4096, 0, -32768]);
  assert.ok(frame.grid instanceof Int16Array);
  assert.deepEqual([...frame.digit], [0, 128, 255]);
});

test("an int16 array may begin at an odd byte", () => {
  const frame = decode(message({ arrays: [["odd", "u1", [1]], ["grid", "i2", [2]]] }, Uint8Array.of(9), Int16Array.of(-1, 300)));
  assert.deepEqual([...frame.grid], [-1, 300]);
});

test("a message that is cut off is an error", () => {
  const whole = message({ arrays: [["digit", "u1", [4]]] }, Uint8Array.of(1, 2, 3, 4));
  for (const end of [0, 3, 12, whole.byteLength - 2]) assert.throws(() => decode(whole.slice(0, end)), `${end} bytes`);
});

test("a picture is grey, or three planes of a colour each", () => {
  const words = new Uint32Array(4);
  toWords(Uint8Array.of(0, 1, 128, 255), words);
  assert.deepEqual([...words], [0xff000000, 0xff010101, 0xff808080, 0xffffffff]);
  toWords(Uint8Array.of(1, 2, 3, 4, 16, 32, 48, 64, 255, 254, 253, 252), words);
  assert.deepEqual([...words], [0xffff1001, 0xfffe2002, 0xfffd3003, 0xfffc4004]);
  assert.deepEqual([784, 3 * 784, 3 * 96 * 96, 40 * 40].map((length) => sideOf({ length })), [28, 28, 96, 40]);
});

test("base64 there and back", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(new Uint8Array(fromBase64(toBase64(bytes))), bytes);
  assert.equal(toBase64(Uint8Array.of(72, 105)), "SGk=");
});
