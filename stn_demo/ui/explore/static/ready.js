/** Ready digits have names, "mnist.17" or "handwriting.3" (set and number in it), so that a link need not contain their
 * 784 grey values. The drawing that the page opens with is called "first". */

import { FIRST } from "./first.js";

const names = new Map(); // digit, base64 -> name

/** Remember a ready digit from the server: {digit, label, name}. */
export function remember({ digit, name }) {
  if (name) names.set(digit, name);
}

/** The name of the digit in a state's source, or null. */
export function nameOf(source) {
  if (source.kind === "digit") return names.get(source.digit) ?? null;
  return sameStrokes(source.strokes) ? "first" : null;
}

const FIRST_STROKES = JSON.stringify(FIRST.source.strokes);
function sameStrokes(strokes) {
  if (strokes === FIRST.source.strokes) return true;
  if (strokes.length !== 1 || strokes[0].p.length !== FIRST.source.strokes[0].p.length) return false;
  const { w, e, p } = strokes[0];
  return JSON.stringify([{ w, e, p }]) === FIRST_STROKES;
}

/** The source of that name: {source} or {error: {code, message}}. Throws Offline without a connection. */
export async function sourceNamed(name, http) {
  if (name === "first") return { source: FIRST.source };
  const answer = await http.get(`stn/ready?name=${encodeURIComponent(name)}`);
  if (answer.error) return answer;
  remember(answer);
  return { source: { kind: "digit", digit: answer.digit, label: answer.label } };
}
