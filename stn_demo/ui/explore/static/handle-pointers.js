/** One or two pointers on the posed picture. A finger beside the digit scrolls the page instead. */

import { contains, minus, pinch, pull, shift, twist } from "./gesture.js";

/** -> {hold(handle): start a new drag from the pointers' current positions} */
export function attachHandlePointers(canvas, store, { hand, places, view, speak }) {
  const pointers = new Map(); // id -> [x, y], frame px from the middle
  let box = null; // position of the picture when they went down

  function hold(handle = null) {
    const target = pointers.size ? hand.target() : null;
    hand.held = target && { target, handle, start: [...pointers.values()] };
    if (hand.held) canvas.dataset.holding = handle?.kind ?? (pointers.size > 1 ? "pinch" : "move");
    else delete canvas.dataset.holding;
    view.draw();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true, focusVisible: false });
    if (pointers.size >= 2) return;
    box = canvas.getBoundingClientRect();
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch { /* the pointer has already been released, or is synthetic (tests) */ }
    pointers.set(event.pointerId, places.fromEvent(event, box));
    if (event.pointerType === "touch" && pointers.size === 1 && !isOnTarget(event)) return; // it may scroll
    const target = hand.target();
    hold(pointers.size === 1 && target ? places.handleAt(target, event) : null);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return event.pointerType === "touch" ? undefined : point(event);
    pointers.set(event.pointerId, places.fromEvent(event, box));
    if (hand.held) store.set(followed(hand.held, [...pointers.values()]));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, (event) => {
      if (!pointers.delete(event.pointerId)) return;
      hold(); // the remaining finger continues from its position
      if (!pointers.size) speak();
    });
  }
  canvas.addEventListener("pointerleave", () => {
    hand.near = null;
    view.draw();
  });

  // The browser decides at touchstart whether a finger scrolls: not on the digit or on a handle, and not the second finger.
  canvas.addEventListener("touchstart", (event) => {
    const [touch] = event.changedTouches;
    const on = isOnTarget({ clientX: touch.clientX, clientY: touch.clientY, pointerType: "touch" });
    if (event.touches.length > 1 || on) event.preventDefault();
  }, { passive: false });

  function isOnTarget(event) {
    const target = hand.target();
    return target !== null && (places.handleAt(target, event) !== null || contains(target.box, places.fromEvent(event)));
  }

  /** Mouse movement without a button: the handle under it is highlighted. */
  function point(event) {
    const target = hand.target();
    const found = target && places.handleAt(target, event);
    canvas.style.cursor = cursorOf(found, target, places);
    if (found?.kind === hand.near?.kind && found?.index === hand.near?.index) return;
    hand.near = found;
    view.draw();
  }
  return { hold };
}

/** The patch of the state that follows the pointers from `start` to `now`. */
function followed({ target, handle, start }, now) {
  if (start.length === 2) return target.moved(pinch(start[0], start[1], now[0], now[1]));
  if (handle?.kind === "point") {
    const [dx, dy] = minus(now[0], start[0]);
    const [x, y] = target.points[handle.index];
    return target.movedPoint(handle.index, [x + dx, y + dy]);
  }
  if (handle?.kind === "corner") return target.moved(pull(target.centre, start[0], now[0]));
  if (handle?.kind === "knob") return target.moved(twist(target.centre, start[0], now[0]));
  return target.moved(shift(start[0], now[0]));
}

function cursorOf(handle, target, places) {
  if (handle?.kind === "knob") return "grab";
  if (handle?.kind !== "corner") return handle ? "crosshair" : "move";
  const [dx, dy] = minus(handle.at, places.onView(target.centre));
  return dx * dy >= 0 ? "nwse-resize" : "nesw-resize";
}
