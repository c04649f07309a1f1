// The binary answer of the server: uint32 length, JSON header, arrays (see channel.js for the request).

const utf8 = new TextDecoder();
const TYPES = { i2: Int16Array, u2: Uint16Array, u1: Uint8Array };
export const GRID_UNIT = 4096; // int16 steps per unit of the normalised grid
export const ARROW_UNIT = 32767; // int16 length of the longest arrow, as in live/codec.py

/**
 * ArrayBuffer -> {...header, grid, digit, input, warped, density?, arrows?}: the header's fields and its arrays by name.
 * grid: Int16Array, normalised (x, y) * GRID_UNIT, row by row; pictures: Uint8Array, 255 is white; those in colour are
 * three planes, red, green and blue.
 * Throws RangeError or SyntaxError on a message that is cut off.
 */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const frame = JSON.parse(utf8.decode(new Uint8Array(buffer, 4, length)));
  let offset = (4 + length + 7) & ~7;
  for (const [name, type, shape] of frame.arrays) {
    const Type = TYPES[type];
    const count = shape.reduce((a, b) => a * b, 1);
    const aligned = offset % Type.BYTES_PER_ELEMENT === 0;
    frame[name] = aligned
      ? new Type(buffer, offset, count)
      : new Type(buffer.slice(offset, offset + count * Type.BYTES_PER_ELEMENT));
    offset += count * Type.BYTES_PER_ELEMENT;
  }
  return frame;
}

/** Side of a square picture of one byte per pixel, or of three planes, red, green and blue. */
export function sideOf({ length }) {
  const side = Math.sqrt(length);
  return Number.isInteger(side) ? side : Math.sqrt(length / 3);
}

/** Such a picture as 32-bit words 0xAABBGGRR, one for each pixel, into `words`. */
export function toWords(values, words) {
  const count = words.length;
  const [green, blue] = values.length === count ? [0, 0] : [count, 2 * count];
  for (let i = 0; i < count; i++) words[i] = 0xff000000 | (values[i + blue] << 16) | (values[i + green] << 8) | values[i];
}

/** base64 text -> ArrayBuffer */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;
}

/** bytes -> base64 text */
export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}
