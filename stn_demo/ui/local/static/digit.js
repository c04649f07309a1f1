// The digit of a question.

import { fromBase64 } from "../../shared/frame.js";
import { Refused } from "./refused.js";

export const DIGIT = 28; // side of a digit, px

/** draw(strokes, prepare): see ink.js. -> 784 bytes. Throws Refused on a picture of another size. */
export async function digitOf({ source, raw }, draw) {
  if (source?.kind === "strokes") return draw(source.strokes, !raw);
  if (!source?.digit) return new Uint8Array(DIGIT * DIGIT);
  const digit = new Uint8Array(fromBase64(source.digit));
  if (digit.length !== DIGIT * DIGIT) throw new Refused("bad_request", "A colour picture needs the live page.");
  return digit;
}
