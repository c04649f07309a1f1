/** Wheel and keys on the posed picture, and their announcements for screen readers. */

import { scaleAbout, shift, turnAbout } from "./gesture.js";
import { number, onLanguage, t } from "../../shared/i18n.js";

const KEYS = { arrow: 1, fine: 0.25, grow: 1.05, turn: Math.PI / 36, fineTurn: Math.PI / 180 };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SCROLL_PAUSE = 400; // ms after the page has scrolled during which the wheel still scrolls it
const SPEAK_PAUSE = 350; // ms without input before the result is announced

/** -> {speak()} */
export function attachHandleKeys(canvas, store, { hand, view }) {
  const speak = createSpeech(canvas, store, hand);
  attachWheel(canvas, store, hand, speak);
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = hand.target();
    const patch = target && patchOf(event, target, hand);
    if (!patch) return;
    event.preventDefault();
    store.set(patch);
    view.draw();
    speak();
  });
  return { speak };
}

function attachWheel(canvas, store, hand, speak) {
  let scrolledAt = -Infinity;
  addEventListener("scroll", (event) => {
    if (event.target === document) scrolledAt = performance.now();
  }, { passive: true });
  canvas.addEventListener("wheel", (event) => {
    // If the picture moves under the pointer while the wheel scrolls the page, the wheel continues to scroll.
    const now = performance.now();
    if (now - scrolledAt < SCROLL_PAUSE && !event.ctrlKey) {
      scrolledAt = now;
      return;
    }
    const target = hand.target();
    if (!target) return;
    event.preventDefault();
    const lines = (event.deltaY || event.deltaX) / (event.deltaMode === 1 ? 3 : 100);
    const notches = Math.max(-3, Math.min(3, lines));
    store.set(target.moved(event.shiftKey
      ? turnAbout(target.centre, notches * KEYS.turn)
      : scaleAbout(target.centre, KEYS.grow ** -notches)));
    speak();
  }, { passive: false });
}

/** The patch of the state for a key, or null for any other key. */
function patchOf(event, target, hand) {
  const arrow = ARROWS[event.key];
  if (arrow) {
    const step = arrow.map((one) => one * (event.shiftKey ? KEYS.fine : KEYS.arrow));
    const chosen = target.points?.[hand.chosen];
    if (chosen) return target.movedPoint(hand.chosen, chosen.map((value, i) => value + step[i]));
    return target.moved(shift([0, 0], step));
  }
  const turn = event.shiftKey ? KEYS.fineTurn : KEYS.turn;
  switch (event.key) {
    case "+": case "=": return target.moved(scaleAbout(target.centre, KEYS.grow));
    case "-": case "_": return target.moved(scaleAbout(target.centre, 1 / KEYS.grow));
    case "[": case "{": return target.moved(turnAbout(target.centre, -turn));
    case "]": case "}": return target.moved(turnAbout(target.centre, turn));
    case "n": case "N": return choose(hand, target.points ? ((hand.chosen ?? -1) + 1) % target.points.length : null);
    case "Escape": return choose(hand, null);
    default: return null;
  }
}

function choose(hand, index) {
  hand.chosen = index;
  return {};
}

/** speak(): announces the position of the digit or the region once there is no further input. */
function createSpeech(canvas, store, hand) {
  const spoken = Object.assign(document.createElement("span"), { className: "unseen", role: "status" });
  const help = Object.assign(document.createElement("span"), { className: "unseen", id: `${canvas.id}-keys` });
  canvas.after(spoken, help);
  canvas.setAttribute("aria-describedby", help.id);
  const words = () => {
    help.textContent = t("handles.keys");
    spoken.textContent = "";
  };
  onLanguage(words); // a store of the lesson has no language
  words();
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const isRegion = hand.mode() === "region";
      const parts = isRegion ? store.frame?.undone : store.get().pose;
      if (!parts) return;
      const point = hand.chosen === null ? "" : `${t("handles.point", { index: hand.chosen + 1 })} `;
      spoken.textContent = point + t(isRegion ? "handles.region" : "handles.pose", {
        rotation: number(parts.rotation, 0),
        scale: number(parts.scale ?? parts.scale_x, 2),
        x: number(parts.shift_x, 1),
        y: number(parts.shift_y, 1),
      });
    }, SPEAK_PAUSE);
  };
}
