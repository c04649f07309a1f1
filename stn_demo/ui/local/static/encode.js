// A frame as bytes: the message that live/codec.py writes and shared/frame.js reads.

import { ARROW_UNIT, GRID_UNIT } from "../../shared/frame.js";

const utf8 = new TextEncoder();

/** Of a frame, what is known before the classifier has answered -> ArrayBuffer. The rest follows by encode(one, true). */
export function encodePictures({ question, digit, model: { about }, found, density }) {
  const { header, arrays } = pictures({ question, digit, about, found, density });
  return message({ id: question.id ?? 0, pictures: true, ...header }, arrays);
}

function pictures({ question, digit, about, found, density }) {
  const { input, warped, grid } = found;
  const [size, output] = [input.dims[0], warped.dims[0]];
  const arrays = [
    ["grid", "i2", grid.dims, fixed(grid.data)],
    ["digit", "u1", [28, 28], digit],
    ["input", "u1", input.dims, bytes(input.data)],
    ["warped", "u1", warped.dims, bytes(warped.data)],
  ];
  const densityMax = density ? density.reduce((most, value) => Math.max(most, value), 1e-6) : 0;
  if (density) arrays.push(["density", "u1", [size, size], bytes(density, densityMax)]);
  const overruled = Boolean(question.grab) && about.transform !== null;
  const looks = found.looks.dims[0];
  const several = looks > 1 && !overruled;
  if (several) arrays.push(["looks", "u1", found.looks.dims, bytes(found.looks.data)]);
  const outline = points(found.outline.data);
  const header = {
    transform: about.transform,
    overruled,
    channels: about.channels,
    size,
    output,
    outline,
    corners: outline.filter((_, i) => i % (outline.length / 4) === 0),
    look_outlines: several ? outlines(found.look_outlines, looks) : [],
    density_max: densityMax,
    blank: digit.every((value) => value === 0),
  };
  return { header, arrays };
}

/** The result of engine.frame() -> ArrayBuffer. rest: without what encodePictures has sent. */
export function encode(one, rest = false) {
  const { question, model, name, twin, twinName, incomparable, found, twinProbs, sampler, inspect, push, index } = one;
  const { about } = model;
  const { header, arrays } = rest ? { header: {}, arrays: [] } : pictures({ ...one, about });
  const longest = push ? longestOf(push.arrows) : 0;
  if (push) arrays.push(["arrows", "i2", found.grid.dims, scaled(push.arrows, longest)]);
  return message({
    id: question.id ?? 0,
    model: name,
    twin: twinName ?? null,
    incomparable: incomparable ?? null,
    ...header,
    sampler: sampler?.mode ?? null,
    padding: sampler?.padding ?? null,
    names: about.names,
    twin_names: twin?.about.names ?? null,
    theta: short(found.theta.data, 6),
    predicted: short(found.predicted.data, 6),
    probs: short(found.probs.data, 6),
    twin_probs: twinProbs && short(twinProbs, 6),
    ...inWords(found.words.data, index),
    bend: short(found.bend.data, 4)[0],
    inspect,
    gradient: push && gradient(push, longest),
  }, arrays);
}

/** The result of engine.landscape() -> ArrayBuffer. */
export function encodeMap({ question, target, rotation, scale, axes, loss }) {
  const landscape = { target, rotation: short([rotation], 3)[0], scale: short([scale], 5)[0], ...axes };
  const thousandths = Uint16Array.from(loss, (value) => limited(Math.round(Number.isNaN(value) ? 65535 : value * 1000), 0, 65535));
  return message({ id: question.id ?? 0, landscape }, [["loss", "u2", [axes.scales.length, axes.rotations.length], thousandths]]);
}

/** As _gradient in live/codec.py. */
function gradient({ target, loss, theta, next }, longest) {
  const norm = Math.hypot(...theta);
  return { target, loss: short([loss], 5)[0], longest, theta: short(theta, 6), norm, next: short(next, 6) };
}

function longestOf(arrows) {
  let longest = 0;
  for (let i = 0; i < arrows.length; i += 2) longest = Math.max(longest, Math.hypot(arrows[i], arrows[i + 1]));
  return longest || 0; // not NaN
}

const scaled = (arrows, longest) =>
  Int16Array.from(arrows, (value) => Math.round((Number.isNaN(value) ? 0 : value) * (ARROW_UNIT / Math.max(longest, 1e-12))));

/** The decompositions by name; null for one that does not exist. */
function inWords(data, { maps, parts }) {
  const named = (row) => Object.fromEntries(parts.map((part, i) => [part, row[i]]));
  const rows = maps.map((_, i) => short(data.slice(i * parts.length, (i + 1) * parts.length), 4));
  return Object.fromEntries(maps.map((map, i) => [map, Number.isNaN(rows[i][0]) ? null : named(rows[i])]));
}

function message(header, arrays) {
  const described = arrays.map(([name, type, shape]) => [name, type, [...shape].map(Number)]);
  const text = utf8.encode(JSON.stringify({ ...header, arrays: described }));
  const start = (4 + text.length + 7) & ~7;
  const buffer = new ArrayBuffer(start + arrays.reduce((sum, [, , , data]) => sum + data.byteLength, 0));
  const whole = new Uint8Array(buffer).fill(32, 0, start); // spaces after the header
  new DataView(buffer).setUint32(0, start - 4, true);
  whole.set(text, 4);
  let offset = start;
  for (const [, , , data] of arrays) {
    whole.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return buffer;
}

const limited = (value, low, high) => Math.min(high, Math.max(low, value));

// plain loops: TypedArray.from with a function takes several times as long

/** Normalised coordinates -> Int16Array, see GRID_UNIT. */
function fixed(data) {
  const found = new Int16Array(data.length);
  for (let i = 0; i < data.length; i += 1) found[i] = limited(Math.round((data[i] || 0) * GRID_UNIT), -32768, 32767);
  return found;
}

/** Values from 0 to `white` -> Uint8Array. */
function bytes(data, white = 1) {
  const found = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 1) found[i] = Math.round(limited(data[i] || 0, 0, white) * (255 / white));
  return found;
}

function short(data, digits) {
  const unit = 10 ** digits;
  const found = new Array(data.length);
  for (let i = 0; i < data.length; i += 1) found[i] = Math.round(data[i] * unit) / unit;
  return found;
}

function points(data) {
  const flat = short(data, 4);
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

function outlines({ data }, looks) {
  const length = data.length / looks;
  return Array.from({ length: looks }, (_, i) => points(data.slice(i * length, (i + 1) * length)));
}
