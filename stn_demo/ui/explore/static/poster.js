/** The four panels as one picture, for a slide or a report, in the colours of the page. */

import { number, t } from "../../shared/i18n.js";

const RATIO = 2; // device pixels per unit below
const PANEL = 264, GAP = 22, MARGIN = 26, TOP = 92, FOOT = 12;
const HEIGHT = TOP + PANEL + 262 + FOOT;
const PARTS = { rotation: [0, "unit.degrees"], scale_x: [2, "unit.factor"], scale_y: [2, "unit.factor"],
  shear: [2, "unit.none"], shift_x: [1, "unit.px"], shift_y: [1, "unit.px"] };

const HEADS = [["applied", "parts.applied", "user"], ["followed", "parts.undone", "net"],
  ["left", "parts.left", "text"]];

/** root, store: those of the stage, which has a frame. -> a canvas. */
export function paintPoster(root, store) {
  const { frame } = store;
  const canvas = document.createElement("canvas");
  canvas.width = RATIO * (4 * PANEL + 3 * GAP + 2 * MARGIN);
  canvas.height = RATIO * HEIGHT;
  const context = canvas.getContext("2d");
  context.scale(RATIO, RATIO);
  const styles = getComputedStyle(root);
  const colour = (name) => styles.getPropertyValue(`--${name}`).trim();
  const pen = createPen(context, styles.fontFamily);

  context.fillStyle = colour("paper");
  context.fillRect(0, 0, canvas.width, canvas.height);
  pen(`Spatial Transformer Network · ${frame.model}`, MARGIN, 38, { size: 19, weight: 650, colour: colour("text") });

  const columns = ["digit", "pose", "theta", "warped"].map((name, index) => {
    const x = MARGIN + index * (PANEL + GAP);
    const tint = colour(index < 2 ? "user" : "net");
    pen(`${index + 1}  ${t(`${name}.title`)}`, x, TOP - 16, { size: 15, weight: 650, colour: tint, room: PANEL });
    return x;
  });
  paintView(context, root.querySelector("#view-digit"), columns[0], colour("line"));
  paintView(context, root.querySelector("#view-input"), columns[1], colour("line"));
  paintView(context, root.querySelector("#view-warped"), columns[3], colour("line"));
  paintGiven(context, pen, root, columns[0], colour);
  paintPose(pen, store.get().pose, columns[1], colour);
  paintAnswer(pen, frame, columns[2], colour, root.querySelector("#verdict").textContent);
  paintBars(context, pen, frame, columns[3], colour);
  return canvas;
}

/** pen(text, x, baseline, {size, weight, colour, align, room}): `room` is the width that the text must fit.
 * pen.paragraph(text, letters, x, baseline, style): in lines of at most `letters` characters. */
function createPen(context, family) {
  const pen = (text, x, y, { size = 13, weight = 400, colour, align = "left", room } = {}) => {
    context.font = `${weight} ${size}px ${family}`;
    context.fillStyle = colour;
    context.textAlign = align;
    context.fillText(text, x, y, room);
  };
  pen.paragraph = (text, letters, x, y, style) =>
    wrapped(text, letters).forEach((line, index) => pen(line, x, y + 19 * index, style));
  return pen;
}

function paintView(context, view, x, line) {
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(view, x, TOP, PANEL, PANEL);
  context.strokeStyle = line;
  context.strokeRect(x, TOP, PANEL, PANEL);
}

function paintGiven(context, pen, root, x, colour) {
  const y = TOP + PANEL + 18;
  context.drawImage(root.querySelector("#view-model-digit"), x, y, 84, 84);
  pen.paragraph(root.querySelector(".model-digit p").textContent, 20, x + 96, y + 20, { colour: colour("soft"), room: PANEL - 96 });
}

function paintPose(pen, pose, x, colour) {
  const rows = [["rotation", 0, "unit.degrees"], ["scale", 2, "unit.factor"], ["shift_x", 1, "unit.px"],
    ["shift_y", 1, "unit.px"], ["shear", 2, "unit.none"]];
  rows.forEach(([part, decimals, unit], index) => {
    const y = TOP + PANEL + 32 + 21 * index;
    pen(t(`part.${part}`), x, y, { colour: colour("soft") });
    pen(t(unit, { value: number(pose[part], decimals) }), x + PANEL, y, { colour: colour("text"), align: "right" });
  });
}

function paintAnswer(pen, frame, x, colour, verdict) {
  if (!frame.transform) {
    pen.paragraph(t("theta.none"), 38, x, TOP + 22, { colour: colour("text"), room: PANEL });
    return;
  }
  const columns = frame.theta.length === 6 ? 3 : frame.theta.length > 9 ? 4 : Math.min(4, frame.theta.length);
  pen("θ =", x, TOP + 20, { size: 15, weight: 650, colour: colour("net") });
  frame.theta.forEach((value, index) => {
    const [column, row] = [index % columns, Math.floor(index / columns)];
    pen(number(value, 3), x + 36 + ((column + 1) * (PANEL - 36)) / columns, TOP + 20 + 20 * row, {
      colour: colour("text"), align: "right",
    });
  });
  const top = TOP + 40 + 20 * Math.ceil(frame.theta.length / columns);
  HEADS.forEach(([key, title, tint], column) => {
    const right = x + PANEL - (2 - column) * 62;
    pen(t(title), right, top, { colour: colour(tint), weight: 600, align: "right", room: 60 });
    Object.entries(PARTS).forEach(([part, [decimals, unit]], row) => {
      const value = frame[key]?.[part];
      const text = value == null ? "–" : t(unit, { value: number(value, decimals) });
      pen(text, right, top + 22 * (row + 1), { colour: colour("text"), align: "right" });
    });
  });
  Object.keys(PARTS).forEach((part, row) => {
    pen(t(`part.${part}`), x, top + 22 * (row + 1), { colour: colour("soft"), room: 78 });
  });
  const below = top + 22 * (Object.keys(PARTS).length + 2);
  pen.paragraph(verdict, 38, x, below, { colour: colour("text"), room: PANEL });
}

function paintBars(context, pen, frame, x, colour) {
  const width = (PANEL - 20) / 2;
  const nets = [
    [frame.probs, frame.model, "net", frame.names],
    [frame.twin_probs, frame.twin, "plain", frame.twin_names],
  ];
  nets.forEach(([probs, name, tint, names], index) => {
    if (!probs || !name) return;
    const left = x + index * (width + 20);
    const top = TOP + PANEL + 24;
    pen(name, left, top, { colour: colour(tint === "net" ? "net" : "text"), weight: 600, room: width });
    const label = names ? 52 : 16; // names need more room than digits
    const winner = probs.indexOf(Math.max(...probs));
    probs.slice(0, 10).forEach((share, digit) => {
      const y = top + 20 + 20 * digit;
      const weight = digit === winner ? 700 : 400;
      pen(names?.[digit] ?? String(digit), left, y, { colour: colour("text"), weight, room: label - 4 });
      context.fillStyle = colour("sunk");
      context.fillRect(left + label, y - 10, width - 46 - label, 11);
      context.fillStyle = colour(`${tint}-fill`);
      context.fillRect(left + label, y - 10, (width - 46 - label) * share, 11);
      pen(`${number(100 * share, 1)} %`, left + width, y, { colour: colour("text"), weight, align: "right", size: 12 });
    });
  });
}

/** Lines of at most `letters`; a text without spaces (Chinese) is cut at half as many. */
function wrapped(text, letters) {
  const lines = [""];
  const words = /\s/.test(text) ? text.split(/(?<=\s)/) : [...text];
  const most = words.length === text.length ? letters / 1.7 : letters;
  for (const word of words) {
    if (lines.at(-1).length + word.length > most) lines.push("");
    lines[lines.length - 1] += word;
  }
  return lines;
}
