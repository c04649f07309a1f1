/** The frame that the visitor places on the picture as a prediction, before the network's frame is shown. It has the same
 * handles as the digit and the region on Explore. */

import { attachHandleKeys } from "../../explore/static/handle-keys.js";
import { drawLine } from "../../explore/static/handle-marks.js";
import { createPlaces } from "../../explore/static/handle-places.js";
import { attachHandlePointers } from "../../explore/static/handle-pointers.js";
import { createHandleView } from "../../explore/static/handle-view.js";
import { regionTarget } from "../../explore/static/targets.js";
import { fit } from "../../shared/geometry.js";
import { INK } from "../../shared/palette.js";
import { createStore } from "../../shared/store.js";

const SQUARE = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
const START = { rotation: 0, scale_x: 0.7, scale_y: 0.7, shear: 0, shift_x: 0, shift_y: 0 };

/** canvas: over the picture. moved(parts): the visitor has moved it. -> {open(parts or null), lock(), close()} */
export function createGhost(root, canvas, moved) {
  const store = createStore({ grab: { parts: START } });
  let size = 28;
  let locked = true;
  const target = () => ({ ...regionTarget(store.frame), who: "user" });
  const hand = { held: null, near: null, chosen: null, mode: () => "region", target: () => (locked ? null : target()) };
  const places = createPlaces(canvas, () => size);
  const view = createHandleView(root, canvas, store, { hand, places, size: () => size });
  const keys = attachHandleKeys(canvas, store, { hand, view });
  attachHandlePointers(canvas, store, { hand, places, view, speak: keys.speak });

  function follow() {
    store.frame = { size, transform: "similarity", undone: store.get().grab.parts, corners: cornersOf(store.get().grab.parts, size), overruled: true };
    draw();
  }
  function draw() {
    view.draw();
    if (!locked || canvas.hidden) return;
    const context = canvas.getContext("2d");
    drawLine(context, target().box.map(places.onView), INK.user, 1, [5, 4], true);
  }
  store.subscribe((_, keys) => {
    if (!keys.includes("grab")) return;
    follow();
    moved(store.get().grab.parts);
  });
  for (const name of ["focus", "blur", "pointerenter"]) canvas.addEventListener(name, draw);
  new ResizeObserver(() => {
    places.side = canvas.clientWidth;
    if (!places.side) return;
    places.ratio = fit(canvas) / places.side;
    draw();
  }).observe(canvas);
  follow();

  return {
    open(parts, side) {
      size = side;
      canvas.hidden = false;
      canvas.tabIndex = 0;
      locked = false;
      store.set({ grab: { parts: parts ?? START } });
      follow();
    },
    lock() {
      locked = true;
      canvas.tabIndex = -1;
      draw();
    },
    close() {
      locked = true;
      canvas.hidden = true;
    },
  };
}

/** Corners of the region of these parts, normalised, as in a frame of the server: rotation in degrees, shift in pixels. */
function cornersOf({ rotation, scale_x: scale, shift_x: x, shift_y: y }, size) {
  const [cos, sin] = [Math.cos, Math.sin].map((of) => scale * of((rotation * Math.PI) / 180));
  return SQUARE.map(([u, v]) => [cos * u - sin * v + (2 * x) / size, sin * u + cos * v + (2 * y) / size]);
}
