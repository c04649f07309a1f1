// Ten digits as the network sees them: its region, its output, and the mean output of each class.

import { whenBack } from "../../shared/again.js";
import { decode } from "../../shared/frame.js";
import { t } from "../../shared/i18n.js";
import { Offline } from "../../shared/offline.js";
import { INK } from "../../shared/palette.js";
import { put } from "../../shared/node.js";
import { EXTENT, fit, toView } from "../../shared/geometry.js";
import { isActive } from "./runs-model.js";

const ROWS = ["looks", "reads", "mean"];

export function attachTenDigits({ root, session, http }) {
  const line = root.querySelector("#train-ten-line");
  const place = root.querySelector("#train-ten");
  const tiles = build(place);
  let asking = false;
  let again = false;
  let seen = "";
  let shown = null; // the network in the tiles, and its step
  let last = null;
  let cancel = () => {}; // of the next attempt without a connection

  function say(key) {
    line.dataset.i18n = key;
    put(line, "textContent", t(key));
    place.toggleAttribute("data-missing", key === "train.ten.missing"); // the tiles are empty, or of another step
  }

  async function ask() {
    if (asking) {
      again = true;
      return;
    }
    const network = session.network();
    if (!session.visible || !network) return;
    const wanted = `${network} ${session.at ?? session.run?.step} ${isActive(session.run)}`;
    if (wanted === shown) return;
    asking = true;
    again = false;
    const id = session.id;
    try {
      const which = id ? `id=${id}&step=${session.at ?? "latest"}` : `preset=${session.preset}`;
      const answer = await http.fetched(`stn/train/strip?${which}&seen=${seen}`);
      if (answer.status === 200 && id === session.id) {
        last = decode(await answer.arrayBuffer());
        seen = last.version;
        draw();
      }
      if (answer.ok) shown = wanted;
      say("train.ten.line");
    } catch (error) {
      if (!(error instanceof Offline)) console.error(error);
      say("train.ten.missing");
      cancel();
      cancel = whenBack(ask);
    }
    asking = false;
    if (again) ask();
  }

  function draw() {
    if (!last || !session.visible) return; // in a closed tab a canvas has no size
    const { output } = last;
    tiles.forEach(({ canvases, guess }, digit) => {
      region(canvases[0], last, digit);
      stretch(canvases[1], last.warped.subarray(digit * output ** 2, (digit + 1) * output ** 2), output);
      stretch(canvases[2], last.mean.subarray(digit * output ** 2, (digit + 1) * output ** 2), output);
      const right = last.guesses[digit] === digit;
      guess.textContent = last.guesses[digit];
      guess.dataset.right = right;
      const twin = last.twin_guesses?.[digit];
      guess.title = twin == null ? "" : `${t("probs.plain")}: ${twin}`;
    });
    const right = last.guesses.filter((guess, digit) => guess === digit).length;
    place.setAttribute("aria-label", t("train.ten.name", { right }));
  }

  for (const name of ["progress", "at", "visible", "run", "preset"]) session.on(name, ask);
  for (const name of ["lang", "visible"]) session.on(name, draw);
  new ResizeObserver(draw).observe(place);
}

function build(place) {
  const titles = place.appendChild(document.createElement("div"));
  titles.className = "titles";
  for (const row of ["guess", ...ROWS]) {
    const title = titles.appendChild(document.createElement("span"));
    title.dataset.i18n = `train.ten.${row}`;
    title.textContent = t(title.dataset.i18n);
  }
  return Array.from({ length: 10 }, () => {
    const column = place.appendChild(document.createElement("div"));
    const guess = column.appendChild(document.createElement("b"));
    guess.textContent = "–";
    return { guess, canvases: ROWS.map(() => column.appendChild(document.createElement("canvas"))) };
  });
}

const scratch = document.createElement("canvas");

/** values: Uint8Array, side * side, drawn over the whole canvas. */
function stretch(canvas, values, side, margin = 0) {
  const width = fit(canvas);
  if (scratch.width !== side) scratch.width = scratch.height = side;
  const image = new ImageData(side, side);
  new Uint32Array(image.data.buffer).set(Uint32Array.from(values, (value) => 0xff000000 | (value << 16) | (value << 8) | value));
  scratch.getContext("2d").putImageData(image, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.fillStyle = INK.outside;
  context.fillRect(0, 0, width, width);
  context.drawImage(scratch, margin * width, margin * width, (1 - 2 * margin) * width, (1 - 2 * margin) * width);
  return context;
}

function region(canvas, { input, size, outlines, earlier }, digit) {
  const context = stretch(canvas, input.subarray(digit * size ** 2, (digit + 1) * size ** 2), size, (1 - 1 / EXTENT) / 2);
  const outline = outlines[digit];
  if (!outline) return;
  const side = canvas.width;
  const scale = side / canvas.clientWidth;
  const closed = (points) => {
    const path = new Path2D();
    for (const [x, y] of points) path.lineTo(toView(x, side), toView(y, side));
    path.closePath();
    return path;
  };
  const looks = earlier[digit] ?? []; // of the looks before the last, fading in
  looks.forEach((points, index) => {
    context.globalAlpha = (index + 1) / (looks.length + 1);
    context.strokeStyle = INK.net;
    context.lineWidth = scale;
    context.stroke(closed(points));
  });
  context.globalAlpha = 1;
  const path = closed(outline);
  for (const [style, width] of [[INK.halo, 3.5], [INK.net, 1.75]]) {
    context.strokeStyle = style;
    context.lineWidth = width * scale;
    context.stroke(path);
  }
  const quarter = outline.length / 4; // the side that becomes the top of the output is thicker
  context.lineWidth = 3.5 * scale;
  context.beginPath();
  for (const [x, y] of outline.slice(0, quarter + 1)) context.lineTo(toView(x, side), toView(y, side));
  context.stroke();
}
