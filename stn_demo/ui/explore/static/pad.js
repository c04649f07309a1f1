/** The drawing pad: what the hand does becomes strokes in the state, at every move, so that the network answers while
 * the pen is still down. The ink under the hand is painted here at once; what the network gets comes from Python.
 */

import { fromBase64, toBase64 } from "../../shared/frame.js";
import { fit } from "../../shared/geometry.js";
import { createHistory } from "./history.js";
import { t } from "../../shared/i18n.js";
import { MOST_POINTS, MOST_STROKES, PAD, append, coarsen, paint, paintDigit, pointCount, rub } from "./strokes.js";

const PEN_BUTTON_ERASER = 32; // PointerEvent.buttons of the other end of a stylus
const TREMOR = 3; // pad units, a twelfth of a pixel of the digit: less is the hand's or the mouse's, not the drawing's
const STEP = { coarse: 25, fine: 8 }; // pad units that an arrow key moves the pen
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const bytesOf = (source) => new Uint8Array(fromBase64(source.digit));

export function attachPad(root, store) {
  const canvas = root.querySelector("#view-digit");
  const context = canvas.getContext("2d");
  const hint = root.querySelector("#pad-hint");
  const tools = root.querySelector("#pad-tools");
  const tool = (name) => tools.querySelector(`[data-tool="${name}"]`);
  const spoken = Object.assign(document.createElement("span"), { className: "unseen", role: "status" });
  const keysHelp = Object.assign(document.createElement("span"), { className: "unseen", id: "pad-keys" });
  canvas.after(spoken, keysHelp);
  canvas.setAttribute("aria-describedby", keysHelp.id);
  canvas.style.touchAction = "none";
  canvas.setAttribute("role", "application");

  const history = createHistory(store, showTools);
  let erasing = false;
  let edit = null; // what the pen is doing: {pointer, stroke | bytes, before, last: [x, y], erase}
  let cursor = null; // the pen of the keyboard: {x, y}

  // ------------------------------------------------------------------ what is seen
  function repaint() {
    const side = fit(canvas);
    const { source } = store.get();
    context.fillStyle = "#000";
    context.fillRect(0, 0, side, side);
    if (source.kind === "digit") paintDigit(context, bytesOf(source), side);
    else paint(context, source.strokes, side);
    hint.hidden = source.kind === "digit" || source.strokes.length > 0;
    if (cursor) paintCursor(side);
  }

  function paintCursor(side) {
    const [x, y] = [(cursor.x * side) / PAD, (cursor.y * side) / PAD];
    context.lineWidth = Math.max(1.5, side / 140);
    context.strokeStyle = edit ? "#ffb000" : "#7fb4ff";
    context.beginPath();
    context.arc(x, y, Math.max(4, (Number(tool("width").value) * side) / PAD / 2), 0, 2 * Math.PI);
    context.moveTo(x - side / 28, y);
    context.lineTo(x + side / 28, y);
    context.moveTo(x, y - side / 28);
    context.lineTo(x, y + side / 28);
    context.stroke();
  }

  function showTools() {
    const ends = history.ends();
    const last = ["undo", "redo"].find((name) => !ends[name] && document.activeElement === tool(name));
    for (const name of ["undo", "redo"]) tool(name).disabled = !ends[name];
    if (last) tool(last === "undo" ? "redo" : "undo").focus(); // a button that is switched off loses the keyboard
    tool("pen").setAttribute("aria-pressed", String(!erasing));
    tool("eraser").setAttribute("aria-pressed", String(erasing));
  }

  // ------------------------------------------------------------------ one edit: from pen down to pen up
  function begin(x, y, pointer, erase) {
    const { source } = store.get();
    const before = source.kind === "strokes" ? source.strokes : [];
    if (!erase && (pointCount(before) >= MOST_POINTS || before.length >= MOST_STROKES)) {
      store.emit("toast", { key: "pad.full" });
      return;
    }
    if (erase && source.kind === "strokes" && !before.length) return; // nothing to rub out
    history.open();
    edit = { pointer, erase, before, last: [x, y], width: Number(tool("width").value) };
    if (erase && source.kind === "digit") edit.bytes = bytesOf(source); // a rubber works on a ready digit too
    else edit.stroke = { w: edit.width, e: erase ? 1 : 0, p: [] };
    edit.first = before.length; // strokes from here on are this edit's
    if (!erase && source.kind === "digit") clearCanvas(); // a pen begins a drawing of its own
    draw([[x, y]]);
  }

  function clearCanvas() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }

  /** Follows the pen through points in pad units, then tells the network once. */
  function draw(points) {
    if (edit.bytes) {
      for (const [x, y] of points) {
        rub(edit.bytes, ...edit.last, x, y, edit.width);
        edit.last = [x, y];
      }
      store.set({ source: { kind: "digit", digit: toBase64(edit.bytes), label: null } });
      return;
    }
    const first = Math.max(0, edit.stroke.p.length / 2 - 1);
    const room = MOST_POINTS - pointCount(edit.before);
    let added = 0, crossed = false, full = false;
    for (const point of points) {
      const inside = point.every((value) => value >= 0 && value <= PAD);
      const [x, y] = point.map((value) => Math.min(PAD, Math.max(0, value)));
      if (!inside && edit.outside) continue; // beyond the edge nothing is drawn, and nothing along it
      if (inside && edit.outside) {
        full = edit.before.length >= MOST_STROKES - 2;
        if (full) break;
        nextStroke();
        crossed = true;
      }
      edit.outside = !inside;
      added += append(edit.stroke, x, y);
      full = edit.stroke.p.length / 2 >= room;
      if (full) break;
    }
    if (added) {
      paint(context, [edit.stroke], canvas.width, crossed ? 0 : first);
      tell();
    }
    if (full) {
      finish();
      store.emit("toast", { key: "pad.full" });
    }
  }

  function nextStroke() {
    edit.before = [...edit.before, edit.stroke];
    edit.stroke = { ...edit.stroke, p: [] };
  }

  function tell() {
    // A copy of the points: what has been given to the state never changes under it.
    const stroke = { ...edit.stroke, p: edit.stroke.p.slice() };
    store.set({ source: { kind: "strokes", strokes: [...edit.before, stroke] } });
  }

  /** When the pen is lifted only those points stay that make the shape: a third or fewer, for questions and links. */
  function thinOut() {
    const { first, before, stroke } = edit;
    const mine = [...before.slice(first), stroke].filter(({ p }) => p.length);
    if (!mine.length) return;
    store.set({ source: { kind: "strokes", strokes: [...before.slice(0, first), ...coarsen(mine, TREMOR)] } });
  }

  function finish() {
    if (!edit) return;
    if (edit.stroke) thinOut();
    edit = null;
    history.close();
    repaint();
  }

  // ------------------------------------------------------------------ mouse, touch, stylus
  let box = null; // where the pad lay when the pen went down: to measure it at each move would lay out the page
  const padPoint = (event) => [
    ((event.clientX - box.left) / box.width) * PAD,
    ((event.clientY - box.top) / box.height) * PAD,
  ];

  canvas.addEventListener("pointerdown", (event) => {
    if (edit || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault(); // no text selection, no dragging of the picture
    canvas.focus({ preventScroll: true });
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch { /* a pointer that has already gone, or a made-up one in a test */ }
    cursor = null;
    repaint();
    box = canvas.getBoundingClientRect();
    begin(...padPoint(event), event.pointerId, erasing || Boolean(event.buttons & PEN_BUTTON_ERASER));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (edit?.pointer !== event.pointerId) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    draw((passed.length ? passed : [event]).map((one) => padPoint(one)));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, (event) => edit?.pointer === event.pointerId && finish());
  }

  // ------------------------------------------------------------------ keyboard
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (!arrow && event.key !== " " && event.key !== "Escape") return;
    if (edit && edit.pointer !== "keys") return;
    event.preventDefault();
    cursor ??= { x: PAD / 2, y: PAD / 2 };
    if (arrow) {
      const step = event.shiftKey ? STEP.fine : STEP.coarse;
      cursor.x = Math.min(PAD, Math.max(0, cursor.x + step * arrow[0]));
      cursor.y = Math.min(PAD, Math.max(0, cursor.y + step * arrow[1]));
      if (edit) draw([[cursor.x, cursor.y]]);
    } else if (edit) finish();
    else if (event.key === " ") begin(cursor.x, cursor.y, "keys", erasing);
    else cursor = null;
    if (!arrow) spoken.textContent = t(edit ? "pad.down" : "pad.up");
    repaint();
  });
  canvas.addEventListener("blur", () => {
    if (edit?.pointer === "keys") finish();
    cursor = null;
    repaint();
  });
  root.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.closest("input[type=text], textarea")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) history.redo();
    else history.undo();
  });

  // ------------------------------------------------------------------ tools
  const choose = (eraser) => () => {
    erasing = eraser;
    showTools();
  };
  tool("pen").addEventListener("click", choose(false));
  tool("eraser").addEventListener("click", choose(true));
  tool("undo").addEventListener("click", history.undo);
  tool("redo").addEventListener("click", history.redo);
  tool("clear").addEventListener("click", () => store.set({ source: { kind: "strokes", strokes: [] } }));

  const raw = root.querySelector("#raw");
  raw.addEventListener("change", () => store.set({ raw: raw.checked }));
  raw.checked = store.get().raw;

  store.subscribe((state, keys) => {
    if (keys.includes("raw")) raw.checked = state.raw;
    if (!keys.includes("source")) return;
    // Under a moving pen the new ink is already there.
    if (edit?.stroke && !cursor) hint.hidden = true;
    else repaint();
  });
  const words = () => { keysHelp.textContent = t("pad.keys"); };
  store.on("lang", words);
  words();
  new ResizeObserver(repaint).observe(canvas);
  showTools();
  repaint();
}
