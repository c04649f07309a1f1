/** Handles on the posed picture: drag the digit, its corners, or the region that the network reads.
 *
 * Input comes from one or two pointers, the wheel or keys; it moves a target (targets.js) by a gesture
 * (gesture.js). The result goes into the state; the next frame shows what follows from it.
 */

import { fit } from "../../shared/geometry.js";
import { attachGiveBack } from "./give-back.js";
import { createHandleView } from "./handle-view.js";
import { attachHandleKeys } from "./handle-keys.js";
import { attachHandlePointers } from "./handle-pointers.js";
import { createPlaces } from "./handle-places.js";
import { poseTarget, regionTarget } from "./targets.js";
import { sideOf } from "../../shared/frame.js";

export function attachHandles(root, store) {
  const canvas = root.querySelector("#view-handles");
  const hands = root.querySelector("#hands");
  const mode = () => hands.querySelector("input:checked")?.value ?? "pose";
  const size = () => store.frame?.size ?? 28;
  const hand = {
    held: null, // {target, handle, start}: the current drag, since the number of pointers last changed
    near: null, // the handle under the mouse
    chosen: null, // index of the single point that the arrow keys move
    mode,
    target() {
      if (mode() === "region") return regionTarget(store.frame);
      return poseTarget(store.get().pose, size(), mode() === "corners", store.frame ? sideOf(store.frame.digit) : 28);
    },
  };
  const places = createPlaces(canvas, size);
  const view = createHandleView(root, canvas, store, { hand, places, size });
  const keys = attachHandleKeys(canvas, store, { hand, view });
  const pointers = attachHandlePointers(canvas, store, { hand, places, view, speak: keys.speak });

  hands.addEventListener("change", () => {
    hand.chosen = hand.near = null;
    pointers.hold();
  });
  const region = hands.querySelector('input[value="region"]');
  store.on("frame", (frame) => {
    region.disabled = !frame.transform;
    if (region.disabled && region.checked) hands.querySelector('input[value="pose"]').click();
    view.draw();
  });
  store.subscribe((state, changed) => {
    if (changed.includes("pose")) view.draw();
    // Points are specific to one family of transforms; parts work for all.
    if (changed.includes("model") && !changed.includes("grab") && state.grab && !state.grab.parts) store.set({ grab: null });
  });
  for (const name of ["focus", "blur", "pointerenter"]) canvas.addEventListener(name, view.draw);
  new ResizeObserver(() => {
    places.side = canvas.clientWidth;
    places.ratio = fit(canvas) / Math.max(1, places.side);
    view.draw();
  }).observe(canvas);
  attachGiveBack(root, store);
  view.draw();
}
