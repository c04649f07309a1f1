/** Mouse, touch and keyboard on the uploaded picture: move the cut, resize it at its corners, or draw a new one. */

import { between, grown, moved, resized } from "./cut-box.js";

const STEP = 0.01; // of the picture, each press of a key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** box(): the cut; move(box, isNew): the visitor has moved it, or started a new one. Boxes: see cut-box.js. */
export function attachCutDrag(element, { box, move }) {
  const sheet = element.querySelector(".sheet");
  let held = null; // {pointer, from: [x, y], edges: those being moved, "" for all, box: the cut at the start, null: a new cut}

  const place = (event) => {
    const { left, top, width, height } = sheet.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  sheet.addEventListener("pointerdown", (event) => {
    if (held || (event.pointerType === "mouse" && event.button !== 0)) return;
    const cut = event.target.closest(".cut");
    if (!cut && event.target.closest("button")) return; // a press selects that digit
    event.preventDefault(); // no text selection, no dragging of the picture
    cut?.focus({ preventScroll: true });
    try {
      sheet.setPointerCapture(event.pointerId);
    } catch { /* the pointer has already been released, or is synthetic (tests) */ }
    const edges = event.target.dataset.edges ?? "";
    held = { pointer: event.pointerId, from: place(event), edges, box: cut ? box() : null, isNew: false };
  });
  sheet.addEventListener("pointermove", (event) => {
    if (held?.pointer !== event.pointerId) return;
    const to = place(event);
    const [dx, dy] = to.map((value, axis) => value - held.from[axis]);
    if (held.box) return move(held.edges ? resized(held.box, held.edges, dx, dy) : moved(held.box, dx, dy));
    const drawn = between(held.from, to);
    if (!drawn) return;
    move(drawn, !held.isNew);
    held.isNew = true;
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    sheet.addEventListener(name, (event) => {
      if (held?.pointer === event.pointerId) held = null;
    });
  }
  element.querySelector(".cut").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = keyed(event, box());
    if (!next) return;
    event.preventDefault();
    event.stopPropagation(); // the keys of the lecture and of the tabs must not react
    move(next);
  });
}

/** The cut after a key press; null if the key has no function here. */
function keyed({ key, shiftKey }, box) {
  const arrow = ARROWS[key]?.map((one) => one * STEP);
  if (arrow) return shiftKey ? resized(box, "es", ...arrow) : moved(box, ...arrow);
  if (key === "+" || key === "=") return grown(box, STEP);
  return key === "-" || key === "_" ? grown(box, -STEP) : null;
}
