/** Whether a source is a whole picture, for a network of the user's own classes, and not a digit. */

import { fromBase64 } from "../../shared/frame.js";

const DIGIT_BYTES = 784; // 28 x 28 grey values

/** source: of the store; a whole picture is longer or shorter than a digit: three planes of n x n bytes. */
export const isWhole = ({ kind, digit }) => kind === "digit" && fromBase64(digit).byteLength !== DIGIT_BYTES;
