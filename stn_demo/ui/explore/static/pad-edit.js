/** One edit of the digit, from pen down to pen up: a stroke, or erased pixels of a ready digit. */

import { toBase64 } from "../../shared/frame.js";
import { bytesOf } from "./pad-view.js";
import { MOST_POINTS, MOST_STROKES, PAD, append, coarsen, pointCount, rub } from "./strokes.js";

const TREMOR = 3; // pad units, a twelfth of a pixel of the digit: smaller movements are ignored as tremor

/** -> {begin(x, y, pointer, erase), draw(points), finish(), pointer(): id of the active pointer or null, drawsStroke()}; all places
 *  in pad units. */
export function createEdit({ store, history, view, pen }) {
  let edit = null; // {pointer, erase, width, before, first, last, stroke | bytes, outside}

  const full = () => store.emit("toast", { key: "pad.full" });

  function begin(x, y, pointer, erase) {
    const { source } = store.get();
    const before = source.kind === "strokes" ? source.strokes : [];
    if (!erase && (pointCount(before) >= MOST_POINTS || before.length >= MOST_STROKES)) return full();
    if (erase && source.kind === "strokes" && !before.length) return; // nothing to erase
    history.open();
    // Strokes from `first` on belong to this edit.
    edit = { pointer, erase, before, first: before.length, last: [x, y], width: pen.width() };
    if (erase && source.kind === "digit") edit.bytes = bytesOf(source); // the eraser works on a ready digit, too
    else edit.stroke = { w: edit.width, e: erase ? 1 : 0, p: [] };
    if (!erase && source.kind === "digit") view.clear(); // the pen begins a new drawing
    view.penDown = true;
    draw([[x, y]]);
  }

  /** Follow the pen through points, then update the state once. */
  function draw(points) {
    if (edit.bytes) return rubOut(points);
    const first = Math.max(0, edit.stroke.p.length / 2 - 1);
    const { added, crossed, isFull } = extend(edit, points);
    if (added) {
      view.add(edit.stroke, crossed ? 0 : first);
      // A copy of the points, because objects in the state are never modified.
      const stroke = { ...edit.stroke, p: edit.stroke.p.slice() };
      store.set({ source: { kind: "strokes", strokes: [...edit.before, stroke] } });
    }
    if (isFull) {
      finish();
      full();
    }
  }

  function rubOut(points) {
    for (const [x, y] of points) {
      rub(edit.bytes, ...edit.last, x, y, edit.width);
      edit.last = [x, y];
    }
    store.set({ source: { kind: "digit", digit: toBase64(edit.bytes), label: null } });
  }

  /** When the pen is lifted, keep only the points that define the shape, a third or fewer, for requests and links. */
  function thinOut() {
    const { first, before, stroke } = edit;
    const edited = [...before.slice(first), stroke].filter(({ p }) => p.length);
    if (!edited.length) return;
    store.set({ source: { kind: "strokes", strokes: [...before.slice(0, first), ...coarsen(edited, TREMOR)] } });
  }

  function finish() {
    if (!edit) return;
    if (edit.stroke) thinOut();
    edit = null;
    view.penDown = false;
    history.close();
    view.repaint();
  }

  return { begin, draw, finish, pointer: () => edit?.pointer ?? null, drawsStroke: () => Boolean(edit?.stroke) };
}

/** Append points to the stroke of an edit. Nothing is drawn beyond the edge of the pad or along it: a pen that
 *  comes back begins a new stroke. -> {added: whether the drawing changed, crossed: a new stroke has begun, isFull} */
function extend(edit, points) {
  const room = MOST_POINTS - pointCount(edit.before);
  let added = 0, crossed = false;
  for (const point of points) {
    const inside = point.every((value) => value >= 0 && value <= PAD);
    if (!inside && edit.outside) continue;
    if (inside && edit.outside) {
      if (edit.before.length >= MOST_STROKES - 2) return { added, crossed, isFull: true };
      edit.before = [...edit.before, edit.stroke];
      edit.stroke = { ...edit.stroke, p: [] };
      crossed = true;
    }
    edit.outside = !inside;
    added += append(edit.stroke, ...point.map((value) => Math.min(PAD, Math.max(0, value))));
    if (edit.stroke.p.length / 2 >= room) return { added, crossed, isFull: true };
  }
  return { added, crossed, isFull: false };
}
