/** Handles on the posed picture: take the digit, its perspective, or the region that the network reads.
 *
 * A hand is one or two pointers, the wheel or keys; what it holds is a target (targets.js); how it moves is a gesture
 * (gesture.js). The result goes into the state; all that follows from it comes back in the next frame.
 */

import { fit, fromView, toView } from "../../shared/geometry.js";
import { contains, middle, minus, pinch, pull, scaleAbout, shift, turnAbout, twist } from "./gesture.js";
import { attachGiveBack } from "./give-back.js";
import { drawHandle, drawLine, drawRing } from "./handle-marks.js";
import { number, t } from "../../shared/i18n.js";
import { INK } from "../../shared/palette.js";
import { poseTarget, regionTarget } from "./targets.js";

const REACH = { mouse: 13, touch: 26, pen: 18 }; // css px around a handle that take hold of it
const LECTURE = 1.8; // how much thicker handles are in a lecture
const INSET = 8; // css px: a handle that would lie beyond the picture waits inside its edge
const STEM = 20; // css px from the box to the knob that turns it
const KEYS = { arrow: 1, fine: 0.25, grow: 1.05, turn: Math.PI / 36, fineTurn: Math.PI / 180 };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SCROLL_PAUSE = 400; // ms after the page has scrolled in which the wheel goes on scrolling it

export function attachHandles(root, store) {
  const canvas = root.querySelector("#view-handles");
  const context = canvas.getContext("2d");
  const hands = root.querySelector("#hands");
  const spoken = Object.assign(document.createElement("span"), { className: "unseen", role: "status" });
  const keysHelp = Object.assign(document.createElement("span"), { className: "unseen", id: "handles-keys" });
  canvas.after(spoken, keysHelp);
  canvas.setAttribute("aria-describedby", keysHelp.id);

  const pointers = new Map(); // id -> [x, y], frame px from the middle
  let box = null; // where the picture lay when they went down
  let held = null; // {target, handle, start}: what the pointers hold since their number last changed
  let near = null; // the handle under the mouse
  let chosen = null; // index of the single point that the arrow keys move
  let speaking = 0, scrolledAt = -Infinity;

  const mode = () => hands.querySelector("input:checked")?.value ?? "pose";
  const size = () => store.frame?.size ?? 28;
  function target() {
    if (mode() === "region") return regionTarget(store.frame);
    return poseTarget(store.get().pose, size(), mode() === "corners");
  }

  // ------------------------------------------------------------------ where things are
  let side = 0, ratio = 1; // css px, device px each; measured when they change, for to measure is to lay out the page
  const onView = (point) => point.map((value) => toView((2 * value) / size(), side));
  function fromEvent(event, box = canvas.getBoundingClientRect()) {
    return [event.clientX - box.left, event.clientY - box.top].map((v) => (fromView(v, box.width) * size()) / 2);
  }
  const inside = (point) => point.map((value) => Math.min(side - INSET, Math.max(INSET, value)));

  /** All handles of a target, where they are drawn (css px): {kind, index, at}. */
  function handlesOf(held) {
    if (held.points) return held.points.map((point, index) => ({ kind: "point", index, at: inside(onView(point)) }));
    const handles = held.box.map((corner, index) => ({ kind: "corner", index, at: inside(onView(corner)) }));
    if (held.turns) handles.push({ kind: "knob", index: 0, at: inside(knobOf(held)) });
    return handles;
  }

  function knobOf({ box }) {
    const [top, bottom] = [onView(middle(box[0], box[1])), onView(middle(box[2], box[3]))];
    const up = minus(top, bottom);
    const length = Math.hypot(...up) || 1;
    return [top[0] + (up[0] * STEM) / length, top[1] + (up[1] * STEM) / length];
  }

  function handleAt(held, event) {
    const box = canvas.getBoundingClientRect();
    const at = [event.clientX - box.left, event.clientY - box.top];
    let best = null, distance = REACH[event.pointerType] ?? REACH.mouse;
    for (const handle of handlesOf(held)) {
      const d = Math.hypot(...minus(handle.at, at));
      if (d <= distance) [best, distance] = [handle, d];
    }
    return best;
  }

  // ------------------------------------------------------------------ drawing
  let drawn = ""; // all that the picture depends on, so that a frame that moves no handle paints none
  function draw() {
    const shown = side ? target() : null;
    const overruled = Boolean(store.frame?.overruled);
    const awake = Boolean(held || near || canvas.matches(":hover, :focus-visible"));
    const grip = held?.handle?.kind ?? "";
    const thick = root.classList.contains("lecture") ? LECTURE : 1;
    const now = JSON.stringify([side, ratio, thick, size(), shown, overruled, awake, grip, held?.handle?.index, near, chosen]);
    if (now === drawn) return;
    drawn = now;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, side, side);
    if (!shown) return;
    const colour = shown.who === "user" || overruled ? INK.user : INK.net; // as the region is drawn
    context.globalAlpha = awake ? 1 : 0.6;
    if (shown.who === "user") drawLine(context, (shown.points ?? shown.box).map(onView), INK.userSoft, thick, [5, 4], true);
    const handles = handlesOf(shown);
    const knob = handles.find((handle) => handle.kind === "knob");
    if (knob) drawLine(context, [onView(middle(shown.box[0], shown.box[1])), knob.at], colour, thick);
    if (knob && held?.handle?.kind === "knob") drawRing(context, onView(shown.centre), knob.at, colour);
    for (const handle of handles) drawHandle(context, handle, colour, isHot(handle), thick);
    context.globalAlpha = 1;
  }

  const isHot = ({ kind, index }) =>
    [held?.handle, held ? null : near].some((one) => one?.kind === kind && one.index === index) ||
    (kind === "point" && index === chosen);

  // ------------------------------------------------------------------ one or two pointers
  function hold(handle = null) {
    const now = pointers.size ? target() : null;
    held = now && { target: now, handle, start: [...pointers.values()] };
    if (held) canvas.dataset.holding = handle?.kind ?? (pointers.size > 1 ? "pinch" : "move");
    else delete canvas.dataset.holding;
    draw();
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true, focusVisible: false });
    if (pointers.size >= 2) return;
    box = canvas.getBoundingClientRect();
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch { /* a pointer that has already gone, or a made-up one in a test */ }
    pointers.set(event.pointerId, fromEvent(event, box));
    const now = target();
    hold(pointers.size === 1 && now ? handleAt(now, event) : null);
  });

  // A finger that comes down beside the digit scrolls the page; one on the digit or on a handle, and a second one, do not.
  canvas.addEventListener("touchstart", (event) => {
    const [touch] = event.changedTouches;
    if (event.touches.length > 1 || isOnTarget(touch)) event.preventDefault();
  }, { passive: false });

  function isOnTarget({ clientX, clientY }) {
    const now = target();
    const event = { clientX, clientY, pointerType: "touch" };
    return Boolean(now) && (handleAt(now, event) !== null || contains(now.box, fromEvent(event)));
  }

  canvas.addEventListener("pointermove", (event) => {
    if (pointers.has(event.pointerId)) {
      pointers.set(event.pointerId, fromEvent(event, box));
      if (held) store.set(followed());
      return;
    }
    if (event.pointerType === "touch") return;
    const now = target();
    const found = now && handleAt(now, event);
    canvas.style.cursor = cursorOf(found);
    if (found?.kind === near?.kind && found?.index === near?.index) return;
    near = found;
    draw();
  });

  function followed() {
    const { target: it, handle, start } = held;
    const now = [...pointers.values()];
    if (start.length === 2) return it.moved(pinch(start[0], start[1], now[0], now[1]));
    if (handle?.kind === "point") {
      const [dx, dy] = minus(now[0], start[0]);
      const [x, y] = it.points[handle.index];
      return it.movedPoint(handle.index, [x + dx, y + dy]);
    }
    if (handle?.kind === "corner") return it.moved(pull(it.centre, start[0], now[0]));
    if (handle?.kind === "knob") return it.moved(twist(it.centre, start[0], now[0]));
    return it.moved(shift(start[0], now[0]));
  }

  function cursorOf(handle) {
    if (handle?.kind === "knob") return "grab";
    if (handle?.kind !== "corner") return handle ? "crosshair" : "move";
    const [dx, dy] = minus(handle.at, onView(target().centre));
    return dx * dy >= 0 ? "nwse-resize" : "nesw-resize";
  }

  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, (event) => {
      if (!pointers.delete(event.pointerId)) return;
      hold(); // a finger that stays goes on from where it is
      if (!pointers.size) speak();
    });
  }
  canvas.addEventListener("pointerleave", () => {
    near = null;
    draw();
  });

  // ------------------------------------------------------------------ wheel and keys
  addEventListener("scroll", (event) => {
    if (event.target === document) scrolledAt = performance.now();
  }, { passive: true });
  canvas.addEventListener("wheel", (event) => {
    // Who is scrolling the page and comes across the picture goes on scrolling the page.
    const now = performance.now();
    if (now - scrolledAt < SCROLL_PAUSE && !event.ctrlKey) {
      scrolledAt = now;
      return;
    }
    const it = target();
    if (!it) return;
    event.preventDefault();
    const lines = (event.deltaY || event.deltaX) / (event.deltaMode === 1 ? 3 : 100);
    const notches = Math.max(-3, Math.min(3, lines));
    const gesture = event.shiftKey
      ? turnAbout(it.centre, notches * KEYS.turn)
      : scaleAbout(it.centre, KEYS.grow ** -notches);
    store.set(it.moved(gesture));
    speak();
  }, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const it = target();
    const patch = it && patchOf(event, it);
    if (!patch) return;
    event.preventDefault();
    store.set(patch);
    draw();
    speak();
  });

  function patchOf(event, it) {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const step = arrow.map((one) => one * (event.shiftKey ? KEYS.fine : KEYS.arrow));
      if (it.points?.[chosen]) return it.movedPoint(chosen, it.points[chosen].map((value, i) => value + step[i]));
      return it.moved(shift([0, 0], step));
    }
    const step = event.shiftKey ? KEYS.fineTurn : KEYS.turn;
    switch (event.key) {
      case "+": case "=": return it.moved(scaleAbout(it.centre, KEYS.grow));
      case "-": case "_": return it.moved(scaleAbout(it.centre, 1 / KEYS.grow));
      case "[": case "{": return it.moved(turnAbout(it.centre, -step));
      case "]": case "}": return it.moved(turnAbout(it.centre, step));
      case "n": case "N": chosen = it.points ? ((chosen ?? -1) + 1) % it.points.length : null; return {};
      case "Escape": chosen = null; return {};
      default: return null;
    }
  }

  /** Says politely, once the hand rests, how things stand. */
  function speak() {
    clearTimeout(speaking);
    speaking = setTimeout(() => {
      const { pose } = store.get();
      const parts = mode() === "region" ? store.frame?.undone : pose;
      if (!parts) return;
      const point = chosen === null ? "" : `${t("handles.point", { index: chosen + 1 })} `;
      spoken.textContent = point + t(mode() === "region" ? "handles.region" : "handles.pose", {
        rotation: number(parts.rotation, 0),
        scale: number(parts.scale ?? parts.scale_x, 2),
        x: number(parts.shift_x, 1),
        y: number(parts.shift_y, 1),
      });
    }, 350);
  }

  // ------------------------------------------------------------------ what else changes the picture
  hands.addEventListener("change", () => {
    chosen = near = null;
    hold();
  });
  const region = hands.querySelector('input[value="region"]');
  store.on("frame", (frame) => {
    region.disabled = !frame.transform;
    if (region.disabled && region.checked) hands.querySelector('input[value="pose"]').click();
    draw();
  });
  store.subscribe((state, keys) => {
    if (keys.includes("pose")) draw();
    // Points belong to one family of transforms; parts fit them all.
    if (keys.includes("model") && !keys.includes("grab") && state.grab && !state.grab.parts) store.set({ grab: null });
  });
  const words = () => { keysHelp.textContent = t("handles.keys"); };
  store.on("lang", words);
  words();
  for (const name of ["focus", "blur", "pointerenter"]) canvas.addEventListener(name, draw);
  new ResizeObserver(() => {
    side = canvas.clientWidth;
    ratio = fit(canvas) / Math.max(1, side);
    draw();
  }).observe(canvas);
  attachGiveBack(root, store);
  draw();
}
