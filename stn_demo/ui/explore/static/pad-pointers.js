/** Mouse, finger and stylus on the pad. */

import { PAD } from "./strokes.js";

const PEN_BUTTON_ERASER = 32; // PointerEvent.buttons of the eraser end of a stylus

export function attachPadPointers(canvas, { edit, view, pen }) {
  let box = null; // position of the pad at pen down; measuring it at each move would force a layout
  const padPoint = (event) => [
    ((event.clientX - box.left) / box.width) * PAD,
    ((event.clientY - box.top) / box.height) * PAD,
  ];

  canvas.addEventListener("pointerdown", (event) => {
    if (edit.pointer() !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault(); // no text selection, no dragging of the picture
    canvas.focus({ preventScroll: true });
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch { /* the pointer has already been released, or is synthetic (tests) */ }
    pen.cursor = null;
    view.repaint();
    box = canvas.getBoundingClientRect();
    edit.begin(...padPoint(event), event.pointerId, pen.erasing || Boolean(event.buttons & PEN_BUTTON_ERASER));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (edit.pointer() !== event.pointerId) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    edit.draw((passed.length ? passed : [event]).map((one) => padPoint(one)));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, (event) => edit.pointer() === event.pointerId && edit.finish());
  }
}
