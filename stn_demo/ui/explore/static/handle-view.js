/** Draws the handles of the current target; paints only if a handle has moved. */

import { middle } from "./gesture.js";
import { drawHandle, drawLine, drawRing } from "./handle-marks.js";
import { INK } from "../../shared/palette.js";

const LECTURE = 1.8; // how much thicker handles are in a lecture

/** -> {draw()} */
export function createHandleView(root, canvas, store, { hand, places, size }) {
  const context = canvas.getContext("2d");
  let drawn = ""; // everything that the last drawing depends on

  function draw() {
    const { side, ratio } = places;
    const shown = side ? hand.target() : null;
    const overruled = Boolean(store.frame?.overruled);
    const awake = Boolean(hand.held || hand.near || canvas.matches(":hover, :focus-visible"));
    const thick = root.classList.contains("lecture") ? LECTURE : 1;
    const grip = hand.held?.handle;
    const now = JSON.stringify([
      side, ratio, thick, size(), shown, overruled, awake, grip?.kind ?? "", grip?.index, hand.near, hand.chosen,
    ]);
    if (now === drawn) return;
    drawn = now;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, side, side);
    if (!shown) return;
    const colour = shown.who === "user" || overruled ? INK.user : INK.net; // as the region is drawn
    context.globalAlpha = awake ? 1 : 0.6;
    paint(shown, colour, thick);
    context.globalAlpha = 1;
  }

  function paint(shown, colour, thick) {
    const { onView } = places;
    if (shown.who === "user") drawLine(context, (shown.points ?? shown.box).map(onView), INK.userSoft, thick, [5, 4], true);
    const handles = places.handlesOf(shown);
    const knob = handles.find((handle) => handle.kind === "knob");
    if (knob) drawLine(context, [onView(middle(shown.box[0], shown.box[1])), knob.at], colour, thick);
    if (knob && hand.held?.handle?.kind === "knob") drawRing(context, onView(shown.centre), knob.at, colour);
    for (const handle of handles) drawHandle(context, handle, colour, isHot(handle), thick);
  }

  const isHot = ({ kind, index }) =>
    [hand.held?.handle, hand.held ? null : hand.near].some((one) => one?.kind === kind && one.index === index) ||
    (kind === "point" && index === hand.chosen);

  return { draw };
}
