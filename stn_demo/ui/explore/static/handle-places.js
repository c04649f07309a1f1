/** The positions of the handles on the picture, css px, and which of them is under a pointer. */

import { fromView, toView } from "../../shared/geometry.js";
import { middle, minus } from "./gesture.js";

const REACH = { mouse: 13, touch: 26, pen: 18 }; // radius around a handle in which it is grabbed, css px
const INSET = 8; // css px: a handle that would lie beyond the picture is drawn inside its edge
const STEM = 20; // css px from the box to the knob that turns it

/** size(): px of the frame. side and ratio (device px each css px) are set when the canvas changes: measuring them at each
 *  draw would lay out the page. */
export function createPlaces(canvas, size) {
  const places = {
    side: 0,
    ratio: 1,
    /** Frame px from the middle -> css px, and back from an event. */
    onView: (point) => point.map((value) => toView((2 * value) / size(), places.side)),
    fromEvent(event, box = canvas.getBoundingClientRect()) {
      return [event.clientX - box.left, event.clientY - box.top].map((v) => (fromView(v, box.width) * size()) / 2);
    },
    /** All handles of a target, where they are drawn: {kind, index, at}. */
    handlesOf(target) {
      if (target.points) return target.points.map((point, index) => ({ kind: "point", index, at: inside(point) }));
      const handles = target.box.map((corner, index) => ({ kind: "corner", index, at: inside(corner) }));
      if (target.turns) handles.push({ kind: "knob", index: 0, at: inset(knobOf(target)) });
      return handles;
    },
    /** The handle of a target that is nearest to an event and within reach, or null. */
    handleAt(target, event) {
      const box = canvas.getBoundingClientRect();
      const at = [event.clientX - box.left, event.clientY - box.top];
      let best = null, distance = REACH[event.pointerType] ?? REACH.mouse;
      for (const handle of places.handlesOf(target)) {
        const d = Math.hypot(...minus(handle.at, at));
        if (d <= distance) [best, distance] = [handle, d];
      }
      return best;
    },
  };
  const inset = (at) => at.map((value) => Math.min(places.side - INSET, Math.max(INSET, value)));
  const inside = (point) => inset(places.onView(point));

  function knobOf({ box }) {
    const [top, bottom] = [places.onView(middle(box[0], box[1])), places.onView(middle(box[2], box[3]))];
    const up = minus(top, bottom);
    const length = Math.hypot(...up) || 1;
    return [top[0] + (up[0] * STEM) / length, top[1] + (up[1] * STEM) / length];
  }
  return places;
}
