/** A state of the stage as values of the address, and back.
 *
 * With a ready digit the state is a few short pairs (at most 300 characters with the whole address), see the table FIELDS:
 * "d=mnist.17&p=40,0.6&m=rts-stcnn-affine". Any other state is `s`: its JSON in base64url. The server checks every
 * state from an address before the page uses it.
 */

import { DEFAULTS, lasting } from "../../shared/store.js";
import { nameOf, sourceNamed } from "./ready.js";
import { coarsen } from "./strokes.js";

const LONGEST = 4000; // characters of an address that mail programs and messengers do not break
const LONGEST_READ = 200_000;
const PEN = 60; // pad units, the width of a pen: largest tolerance of the simplification; a longer link stays long
const DECIMALS = 4;
const NONE = "-"; // the value of a field that is null
const POSE = ["rotation", "scale", "shift_x", "shift_y", "shear"];
const PARTS = ["rotation", "scale_x", "scale_y", "shear", "shift_x", "shift_y"];
const SAMPLERS = { bilinear: "l", nearest: "n", bicubic: "c", deconvolution: "d" };
const PADDINGS = { zeros: "z", border: "b", reflection: "r" };
const LAYERS = { r: "region", l: "lines", p: "points", d: "density", g: "gradient", s: "landscape" };

export class Unreadable extends Error {}

// ------------------------------------------------------------------ numbers
const short = (value) => String(Number(value.toFixed(DECIMALS))).replace(/^(-?)0\./, "$1.");
const join = (values) => values.map(short).join(",");
const split = (text) => text.split(",").map(Number);

// Many numbers (the control points of a spline) take three letters each: 18 bits, steps of 1e-4, up to +-13.1.
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const UNIT = 10 ** DECIMALS;
const HALF = 2 ** 17;
const fits = (values) => values.every((value) => Math.abs(value * UNIT) < HALF);

function pack(values) {
  return values.map((value) => {
    const whole = Math.round(value * UNIT) + HALF;
    return [12, 6, 0].map((bits) => ALPHABET[(whole >> bits) & 63]).join("");
  }).join("");
}

function unpack(text) {
  return (text.match(/.{3}/g) ?? []).map((letters) => {
    const whole = [...letters].reduce((sum, letter) => sum * 64 + ALPHABET.indexOf(letter), 0);
    return (whole - HALF) / UNIT;
  });
}

// ------------------------------------------------------------------ fields
/** name in the address: [write(state) -> text or null for the default, read(text) -> patch of the state]. */
const FIELDS = {
  p: [writePose, (text) => ({ pose: Object.fromEntries(split(text).map((value, i) => [POSE[i], value])) })],
  c: [
    ({ pose }) => (pose.corners.flat().some(Boolean) ? join(pose.corners.flat()) : null),
    (text) => ({ pose: { corners: pairs(split(text)) } }),
  ],
  e: [
    ({ pose }) => (pose.elastic ? join([pose.elastic, pose.elastic_seed]) : null),
    (text) => ({ pose: { elastic: split(text)[0], elastic_seed: split(text)[1] } }),
  ],
  r: [({ raw }) => (raw ? "1" : null), (text) => ({ raw: text === "1" })],
  m: [({ model }) => model ?? null, (text) => ({ model: text })],
  w: [({ twin }) => (twin === undefined ? null : twin ?? NONE), (text) => ({ twin: text === NONE ? null : text })],
  g: [({ grab }) => (grab ? writeGrab(grab) : null), (text) => ({ grab: readGrab(text) })],
  i: [({ sampler }) => SAMPLERS[sampler], (text) => ({ sampler: nameIn(SAMPLERS, text) })],
  b: [({ padding }) => PADDINGS[padding], (text) => ({ padding: nameIn(PADDINGS, text) })],
  l: [writeLayers, readLayers],
};

function writePose({ pose }) {
  const values = POSE.map((name) => pose[name]);
  while (values.length && values.at(-1) === DEFAULTS.pose[POSE[values.length - 1]]) values.pop();
  return values.length ? join(values) : null;
}

function writeGrab(grab) {
  if (grab.parts) return `p${join(PARTS.map((name) => grab.parts[name]))}`;
  if (grab.corners) return `c${join(grab.corners.flat())}`;
  return grab.theta.length > 9 && fits(grab.theta) ? `k${pack(grab.theta)}` : `t${join(grab.theta)}`;
}

function readGrab(text) {
  const [kind, rest] = [text[0], text.slice(1)];
  if (kind === "p") return { parts: Object.fromEntries(split(rest).map((value, i) => [PARTS[i], value])) };
  if (kind === "c") return { corners: pairs(split(rest)) };
  return { theta: kind === "k" ? unpack(rest) : split(rest) };
}

function writeLayers({ layers }) {
  const text = Object.keys(LAYERS).filter((letter) => layers[LAYERS[letter]]).join("") + layers.step;
  return text === "rl2" ? null : text;
}

function readLayers(text) {
  const layers = Object.fromEntries(Object.entries(LAYERS).map(([letter, name]) => [name, text.includes(letter)]));
  return { layers: { ...layers, step: Number(text.at(-1)) } };
}

const nameIn = (letters, text) => Object.keys(letters).find((name) => letters[name] === text) ?? text;
const pairs = (values) => values.flatMap((value, i) => (i % 2 ? [] : [[value, values[i + 1]]]));

// ------------------------------------------------------------------ whole states
/** State -> values of the address. longest: characters of `s`. */
export function valuesOf(state, longest = LONGEST) {
  const name = nameOf(state.source);
  if (!name) return { s: encode(state, longest) };
  const values = { d: name };
  for (const [field, [write]] of Object.entries(FIELDS)) {
    const text = write(state);
    if (text !== null && text !== undefined) values[field] = text;
  }
  return values;
}

/** Whether values of the address hold a state. */
export const holdsState = ({ s, d }) => Boolean(s || d);

/** Values of the address -> {text: the state as JSON for the server's check} or {error}. Throws Unreadable, or
 *  Offline without a connection. */
export async function textOf(values, http) {
  if (values.s) return { text: decode(values.s) };
  const { source, error } = await sourceNamed(values.d, http);
  if (error) return { error };
  const state = { source };
  for (const [field, text] of Object.entries(values)) {
    if (!Object.hasOwn(FIELDS, field) || !text) continue;
    const patch = FIELDS[field][1](text);
    Object.assign(state, patch, patch.pose ? { pose: { ...state.pose, ...patch.pose } } : {});
  }
  return { text: JSON.stringify(state) };
}

/** State -> base64url. A long drawing is simplified as little as necessary. */
export function encode(state, longest = LONGEST) {
  const kept = lasting(state);
  for (let tolerance = 2; ; tolerance *= 1.5) {
    const text = toBase64Url(JSON.stringify(kept));
    if (text.length <= longest || kept.source.kind !== "strokes" || tolerance > PEN) return text;
    kept.source = { ...kept.source, strokes: coarsen(state.source.strokes, tolerance) };
  }
}

function toBase64Url(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** base64url -> the JSON text in it. Throws Unreadable. */
export function decode(text) {
  if (text.length > LONGEST_READ) throw new Unreadable();
  try {
    const bytes = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    const json = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes, (c) => c.charCodeAt(0)));
    JSON.parse(json);
    return json;
  } catch {
    throw new Unreadable();
  }
}
