// Checks a link with the schema and the sentences that live/request.py exported.

import { ofRun } from "./recorded.js";

const KIND = /^(number|integer|string|boolean|array|object|null)$/;

/** text: the state as JSON. rules: see local/data.py. index: the networks. -> {state, problem} as stn/link. */
export function checkedState(text, rules, index) {
  const refused = (code, message) => ({ state: rules.default, problem: { code, message } });
  let values;
  try {
    values = JSON.parse(text);
  } catch {
    return refused("bad_request", "That is not JSON.");
  }
  const wrong = fault(values, rules.schema, rules.schema.$defs);
  if (wrong !== null) {
    const [, code, message] = rules.sentences.find(([path]) => wrong.startsWith(path)) ?? ["", "bad_request", "A request is a JSON object."];
    return refused(code, message);
  }
  const { source, grab } = values;
  if (source?.kind === "digit" && bytesIn(source.digit) !== rules.digit_bytes) return refused("bad_request", "source.digit is no digit.");
  if (source?.kind === "strokes") {
    const lengths = source.strokes.map(({ p }) => p.length);
    if (lengths.some((length) => length % 2) || lengths.reduce((a, b) => a + b, 0) > 2 * rules.most_points) {
      return refused("too_long", `A stroke holds pairs of x and y, and a drawing at most ${rules.most_points} points.`);
    }
  }
  if (grab && Object.keys(grab).length !== 1) return refused("bad_request", "grab is one of parts, theta, corners.");
  const state = filled(values, rules.default);
  const unknown = [state.model, state.twin].find((name) => name && !Object.hasOwn(index.networks, name) && !ofRun(name, index));
  return unknown ? refused("unknown_model", `There is no checkpoint '${unknown}' here.`) : { state, problem: null };
}

/** The state with defaults for missing fields, and without unknown fields. */
function filled(values, defaults) {
  const state = { ...defaults };
  for (const name of Object.keys(defaults)) {
    const value = values[name];
    if (value === undefined || (value === null && (name === "source" || name === "pose" || name === "model"))) continue;
    state[name] = name === "pose" || name === "layers" ? onlyKnown({ ...defaults[name], ...value }, defaults[name]) : value;
  }
  state.pose.elastic_seed = Math.trunc(state.pose.elastic_seed);
  return state;
}

const onlyKnown = (values, known) => Object.fromEntries(Object.keys(known).map((name) => [name, values[name]]));

function bytesIn(base64) {
  try {
    return atob(base64).length;
  } catch {
    return -1;
  }
}

/** The path of the first value that violates a JSON schema (as written by msgspec), "" for the whole; null if valid. */
export function fault(value, schema, defs, path = "") {
  if (schema.$ref) return fault(value, defs[schema.$ref.split("/").at(-1)], defs, path);
  if (schema.discriminator) {
    const { propertyName, mapping } = schema.discriminator;
    const kind = value?.[propertyName];
    return Object.hasOwn(mapping, String(kind)) ? fault(value, { $ref: mapping[kind] }, defs, path) : path;
  }
  if (schema.anyOf) {
    const faults = schema.anyOf.map((one) => fault(value, one, defs, path));
    if (faults.includes(null)) return null;
    return faults.reduce((a, b) => (b.length > a.length ? b : a)); // the closest alternative
  }
  if (schema.enum) return schema.enum.includes(value) ? null : path;
  if (schema.type && KIND.test(schema.type) && !isOf(value, schema.type)) return path;
  if (typeof value === "number") return value < schema.minimum || value > schema.maximum ? path : null;
  if (typeof value === "string") return schema.pattern && !new RegExp(schema.pattern).test(value) ? path : null;
  if (Array.isArray(value)) return faultOfList(value, schema, defs, path);
  return value && schema.properties ? faultOfObject(value, schema, defs, path) : null;
}

function isOf(value, type) {
  if (type === "integer") return Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "null") return value === null;
  if (type === "object") return value !== null && typeof value === "object" && !Array.isArray(value);
  return typeof value === type;
}

function faultOfList(value, { minItems = 0, maxItems = Number.POSITIVE_INFINITY, prefixItems = [], items }, defs, path) {
  if (value.length < minItems || value.length > maxItems) return path;
  for (const [i, one] of value.entries()) {
    const schema = prefixItems[i] ?? items;
    const wrong = schema ? fault(one, schema, defs, `${path}[...]`) : null;
    if (wrong !== null) return wrong;
  }
  return null;
}

function faultOfObject(value, { properties, required = [], additionalProperties = true }, defs, path) {
  const at = (name) => (path ? `${path}.${name}` : name);
  for (const name of required) if (!Object.hasOwn(value, name)) return path;
  for (const [name, one] of Object.entries(value)) {
    if (!Object.hasOwn(properties, name)) {
      if (additionalProperties === false) return path;
      continue;
    }
    const wrong = fault(one, properties[name], defs, at(name));
    if (wrong !== null) return wrong;
  }
  return null;
}
