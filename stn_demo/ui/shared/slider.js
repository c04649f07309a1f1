// Sliders on touch screens.

/** If a finger touches a slider and then scrolls the page, the slider is restored: `set` restores the value that `get` returned
 *  before. The slider needs `touch-action: pan-y`. */
export function unlessScrolled(input, get, set) {
  let before;
  input.addEventListener("pointerdown", () => { before = get(); });
  input.addEventListener("pointercancel", () => set(before));
}
