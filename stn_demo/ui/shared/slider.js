// Sliders under a finger.

/** A finger that comes down on a slider and then scrolls the page has not meant the slider: `set` puts back what `get` gave
 *  before. The slider needs `touch-action: pan-y`. */
export function unlessScrolled(input, get, set) {
  let before;
  input.addEventListener("pointerdown", () => { before = get(); });
  input.addEventListener("pointercancel", () => set(before));
}
