/** Theta of a thin-plate spline: its control points on a drawing, to be dragged; the selected one also as numbers. */

import { fromView, toView } from "../../shared/geometry.js";
import { t } from "../../shared/i18n.js";
import { createCell } from "./theta-cells.js";

const SIDE = 100; // of the drawing, in its own units
const REACH = 9; // units around a point in which it is grabbed
const STEP = { coarse: 0.05, fine: 0.01 };
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, -1], ArrowDown: [1, 1] };
const MOST = 6; // as targets.js
const SVG = "http://www.w3.org/2000/svg";

/** change(theta): the visitor has moved a point. -> {elements, draw(theta)} */
export function createPoints({ change, toast }) {
  const picture = svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, tabindex: "0", role: "application", class: "spline" });
  picture.dataset.i18nLabel = "theta.points.name";
  picture.setAttribute("aria-label", t("theta.points.name"));
  const edge = [toView(-1, SIDE), toView(1, SIDE) - toView(-1, SIDE)];
  picture.append(svg("rect", { x: edge[0], y: edge[0], width: edge[1], height: edge[1], class: "frame" }));
  const net = picture.appendChild(svg("path", { class: "net" }));
  const beside = Object.assign(document.createElement("div"), { className: "chosen-point" });
  const title = beside.appendChild(document.createElement("small"));
  const cells = ["right", "down"].map((says, axis) =>
    createCell({ says: `theta.says.point.${says}`, toast, change: (value) => move(chosen, axis, value) }));
  beside.append(...cells.map(({ element }) => element));
  let dots = [];
  let theta = [];
  let chosen = 0;
  let held = false;

  function move(index, axis, value) {
    const place = 2 * index + axis;
    change(theta.with(place, Number(Math.min(MOST, Math.max(-MOST, value)).toFixed(4))));
  }

  function choose(index) {
    chosen = index;
    draw(theta);
  }

  function at(event) {
    const box = picture.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map((value) => (value * SIDE) / box.width);
  }

  picture.addEventListener("pointerdown", (event) => {
    const [x, y] = at(event);
    const distances = dots.map((_, i) => Math.hypot(toView(theta[2 * i], SIDE) - x, toView(theta[2 * i + 1], SIDE) - y));
    const nearest = distances.indexOf(Math.min(...distances));
    if (distances[nearest] > REACH) return;
    event.preventDefault();
    picture.focus({ preventScroll: true });
    picture.setPointerCapture(event.pointerId);
    held = true;
    choose(nearest);
  });
  picture.addEventListener("pointermove", (event) => {
    if (!held) return;
    const point = at(event).map((value) => Number(fromView(value, SIDE).toFixed(4)));
    change(theta.toSpliced(2 * chosen, 2, ...point));
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) picture.addEventListener(name, () => { held = false; });
  picture.addEventListener("touchstart", (event) => held && event.preventDefault(), { passive: false });
  picture.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow) move(chosen, arrow[0], theta[2 * chosen + arrow[0]] + arrow[1] * (event.shiftKey ? STEP.fine : STEP.coarse));
    else if (event.key.toLowerCase() === "n") choose((chosen + (event.shiftKey ? dots.length - 1 : 1)) % dots.length);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function build(count) {
    for (const dot of dots) dot.remove();
    dots = Array.from({ length: count }, () => picture.appendChild(svg("circle", { r: 3 })));
    chosen = 0;
  }

  function draw(now) {
    theta = now;
    if (dots.length !== theta.length / 2) build(theta.length / 2);
    const side = Math.round(Math.sqrt(dots.length));
    const places = dots.map((_, i) => [theta[2 * i], theta[2 * i + 1]].map((value) => toView(value, SIDE)));
    dots.forEach((dot, i) => {
      dot.setAttribute("cx", places[i][0].toFixed(1));
      dot.setAttribute("cy", places[i][1].toFixed(1));
      dot.classList.toggle("chosen", i === chosen);
    });
    const lines = Array.from({ length: side }, (_, a) => [
      Array.from({ length: side }, (_, b) => places[a * side + b]),
      Array.from({ length: side }, (_, b) => places[b * side + a]),
    ]).flat();
    net.setAttribute("d", lines.map((line) => `M${line.map((point) => point.map((v) => v.toFixed(1)).join(" ")).join("L")}`).join(""));
    const words = t("theta.points.chosen", { index: chosen + 1, count: dots.length });
    if (title.textContent !== words) title.textContent = words;
    cells.forEach((cell, axis) => cell.write(theta[2 * chosen + axis], 2));
  }
  return { elements: [picture, beside], draw };
}

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
