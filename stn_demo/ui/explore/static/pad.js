/** The drawing pad. Strokes enter the state at every move, so that the network answers while the pen is still down. The ink
 * under the pen is painted here at once; the network's input is rendered in Python. */

import { createHistory } from "./history.js";
import { attachPadKeys } from "./pad-keys.js";
import { attachPadPointers } from "./pad-pointers.js";
import { createEdit } from "./pad-edit.js";
import { attachPadTools } from "./pad-tools.js";
import { createPadView } from "./pad-view.js";

export function attachPad(root, store) {
  const canvas = root.querySelector("#view-digit");
  canvas.style.touchAction = "none"; // one finger draws
  canvas.setAttribute("role", "application");
  const pen = { erasing: false, cursor: null, width: () => 0 }; // cursor: {x, y} of the keyboard's pen, or null
  let tools = null;
  const history = createHistory(store, () => tools?.show());
  const view = createPadView(root, canvas, store, pen);
  const edit = createEdit({ store, history, view, pen });
  tools = attachPadTools(root, store, history, pen);
  attachPadPointers(canvas, { edit, view, pen });
  attachPadKeys(root, canvas, store, { edit, view, pen, history });
  store.subscribe((_, keys) => {
    if (!keys.includes("source")) return;
    // While the pen moves, the new ink has already been painted.
    if (edit.drawsStroke() && !pen.cursor) view.hideHint();
    else view.repaint();
  });
  tools.show();
  view.repaint();
}
