/** The inspector: point at an output pixel to see where it is sampled, or at an input pixel to see which output pixels sample
 * it. The pixel is in the state (`inspect`), its weights are in the frame. Marks on both pictures, the sum in #inspector.
 */

import { fit, fromView, toPixel } from "../../shared/geometry.js";
import { number, t } from "../../shared/i18n.js";
import { equation } from "./equation.js";
import { markPixel, markPlace, markWeights } from "./pixel-marks.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LEAP = 5; // pixels that an arrow key moves with Shift
const EXTENT_WARPED = 1; // the warped output fills its canvas

const INPUT_KEYS = ["inspect.input.none", "inspect.input.one"]; // by the number of readers; more: "inspect.input"

const paragraph = (textContent, className = "") =>
  Object.assign(document.createElement("p"), { textContent, className });

/** -> colourAt(x, y) of the input of a frame in colour; null if it is grey. */
function colours({ input, size }) {
  const count = size * size;
  return input.length === count ? null : (x, y) => [0, 1, 2].map((plane) => input[plane * count + y * size + x]);
}

export function attachInspector(root, store) {
  const handles = root.querySelector("#view-handles");
  const warped = root.querySelector("#view-warped-marks");
  const panel = root.querySelector("#inspector-words");
  const input = Object.assign(document.createElement("canvas"), { id: "view-input-marks", className: "overlay" });
  input.setAttribute("aria-hidden", "true");
  input.style.pointerEvents = "none";
  input.style.visibility = "hidden"; // hidden while it shows nothing, so that the browser need not blend it
  handles.before(input);
  const spoken = Object.assign(document.createElement("span"), { className: "unseen", role: "status" });
  panel.after(spoken);
  let speaking = 0;
  let marked = false; // whether there are marks to erase
  let byKeys = false;

  const sideOf = { warped: () => store.frame?.output ?? 28, input: () => store.frame?.size ?? 28 };

  // ------------------------------------------------------------------ which pixel
  function pixelAt(event, view) {
    const box = event.currentTarget.getBoundingClientRect();
    const extent = view === "warped" ? EXTENT_WARPED : undefined;
    const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((position) =>
      Math.round(toPixel(fromView(position, box.width, extent), sideOf[view]())));
    const inside = x >= 0 && y >= 0 && x < sideOf[view]() && y < sideOf[view]();
    return inside ? { view, x, y } : null;
  }

  const inspect = (pixel) => {
    byKeys = false;
    store.set({ inspect: pixel });
  };
  function clear() {
    if (store.get().inspect) inspect(null);
  }

  for (const [canvas, view] of [[warped, "warped"], [handles, "input"]]) {
    canvas.addEventListener("pointermove", (event) => {
      // On the posed picture, dragging and touch move the digit; on the output they may inspect.
      if (view === "input" && (event.buttons || event.pointerType === "touch")) return clear();
      inspect(pixelAt(event, view));
    });
    canvas.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && clear());
    canvas.addEventListener("blur", clear);
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return clear();
      const arrow = ARROWS[event.key];
      if (!arrow || event.ctrlKey || event.metaKey || event.altKey !== (view === "input")) return;
      event.preventDefault();
      step(view, arrow, event.shiftKey ? LEAP : 1);
    });
  }
  warped.addEventListener("pointerdown", (event) => inspect(pixelAt(event, "warped")));
  document.addEventListener("pointerdown", (event) => {
    if (event.target !== warped) clear();
  });

  function step(view, [dx, dy], length) {
    const side = sideOf[view]();
    const now = store.get().inspect;
    const from = now?.view === view ? now : { x: (side >> 1) - dx * length, y: (side >> 1) - dy * length };
    const limited = (value) => Math.min(side - 1, Math.max(0, value));
    store.set({ inspect: { view, x: limited(from.x + dx * length), y: limited(from.y + dy * length) } });
    byKeys = true;
  }

  // ------------------------------------------------------------------ what is seen
  function wipe() {
    if (!marked) return;
    marked = false;
    input.style.visibility = "hidden";
    for (const canvas of [input, warped]) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    hint();
  }

  const hint = () => panel.replaceChildren(paragraph(t("inspect.hint"), "inspect-hint"));

  function show(frame) {
    const found = frame.inspect;
    const asked = store.get().inspect;
    if (!found || !asked) return wipe();
    if (found.view !== asked.view) return; // the frame for this pixel has not arrived yet
    marked = true;
    input.style.visibility = "";
    for (const canvas of [input, warped]) {
      const side = fit(canvas);
      canvas.getContext("2d").clearRect(0, 0, side, side);
    }
    const [own, other] = found.view === "warped" ? [warped, input] : [input, warped];
    const sizes = new Map([[warped, frame.output], [input, frame.size]]);
    const extents = new Map([[warped, EXTENT_WARPED], [input, undefined]]);
    markWeights(other, sizes.get(other), extents.get(other), found.taps);
    if (found.source) markPlace(input, frame.size, found.source);
    markPixel(own, sizes.get(own), extents.get(own), found.x, found.y);
    const colourAt = colours(frame);
    const lines = found.view === "warped" ? warpedLines(found, colourAt) : inputLines(found);
    panel.replaceChildren(...lines, ...(colourAt ? [paragraph(t("inspect.mean"))] : []));
    if (byKeys) speak();
  }

  function warpedLines(found, colourAt) {
    const reachable = found.source.every(Number.isFinite);
    const where = paragraph(t(reachable ? "inspect.warped" : "inspect.nowhere", {
      x: found.x, y: found.y, px: number(found.source[0], 2), py: number(found.source[1], 2),
    }));
    return [where, equation(found, colourAt)];
  }

  function inputLines(found) {
    return [paragraph(t(INPUT_KEYS[found.taps.length] ?? "inspect.input", {
      x: found.x, y: found.y, value: number(found.value, 3), count: found.taps.length, total: number(found.total, 3),
    }))];
  }

  function speak() {
    clearTimeout(speaking);
    speaking = setTimeout(() => { spoken.textContent = [...panel.children].map((line) => line.textContent).join(" "); }, 400);
  }

  store.on("frame", (frame) => (marked || frame.inspect) && show(frame));
  store.subscribe((state, keys) => {
    if (keys.includes("inspect") && !state.inspect) wipe();
  });
  store.on("lang", () => {
    spoken.textContent = "";
    if (marked) show(store.frame);
    else hint();
  });
  hint();
}
