/** Draws an uploaded picture: the picture with outlines on the pad, the four small pictures of its preparation, and a
 * strip of its digits if there are several. */

import { errorText, t } from "../../shared/i18n.js";
import { fromBase64 } from "../../shared/frame.js";
import { paintDigit } from "./strokes.js";

const THUMBNAIL = 56; // px
const PNG = "data:image/png;base64,";

/** -> {draw(upload or null), onTake(fn(index))}; upload: see uploaded.js. */
export function createUploadedView(root) {
  const element = root.querySelector("#uploaded");
  const steps = root.querySelector(".model-digit");
  const words = root.querySelector("#uploaded-words");
  const strip = root.querySelector("#uploaded-strip");
  const finds = element.querySelector(".finds");
  const cut = element.querySelector(".cut");
  const picture = createAddress();
  let take = null;

  function draw(upload) {
    const open = upload !== null;
    element.hidden = !open;
    steps.classList.toggle("uploaded", open);
    for (const figure of steps.querySelectorAll("[data-step]")) figure.hidden = !open;
    words.hidden = !open;
    strip.hidden = !open || upload.marks.filter(({ digit }) => digit).length < 2;
    root.querySelector("#strip").hidden = !strip.hidden;
    if (!open) return;
    lay(element.querySelector(".sheet"), upload);
    const address = picture(upload.picture);
    element.querySelector("img").src = address;
    step("given", address);
    step("flat", upload.flat && PNG + upload.flat);
    const chosen = upload.marks[upload.chosen];
    step("cut", chosen?.cut && PNG + chosen.cut);
    place(cut, upload.box);
    cut.classList.toggle("empty", !chosen?.digit || upload.problem !== null);
    buttons(finds, upload, (button, mark) => place(button, mark.box));
    buttons(strip, upload, (button, mark) => {
      button.hidden = !mark.digit;
      paint(button, mark.digit);
    });
    const count = upload.marks.length;
    words.textContent = upload.problem
      ? `${errorText(upload.problem)} ${t("uploaded.by-hand")}`
      : t(count > 1 ? "uploaded.several" : "uploaded.one", { count });
  }

  function step(name, address) {
    const image = steps.querySelector(`[data-step="${name}"] img`);
    image.hidden = !address;
    if (address && image.getAttribute("src") !== address) image.src = address;
  }

  /** One button per mark, the selected one pressed; fill(button, mark) adds its content. */
  function buttons(parent, { marks, chosen }, fill) {
    while (parent.children.length > marks.length) parent.lastChild.remove();
    marks.forEach((mark, index) => {
      const button = parent.children[index] ?? parent.appendChild(newButton(index));
      button.setAttribute("aria-pressed", String(index === chosen));
      button.setAttribute("aria-label", t("uploaded.digit", { index: index + 1, count: marks.length }));
      fill(button, mark);
    });
  }

  function newButton(index) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "sample" });
    button.addEventListener("click", () => take(index));
    return button;
  }

  return { draw, onTake: (fn) => { take = fn; } };
}

/** The digit on a button of the strip; painted again only if it has changed. */
function paint(button, digit) {
  if (!digit || button.dataset.digit === digit) return;
  button.dataset.digit = digit;
  const canvas = button.firstChild ?? button.appendChild(document.createElement("canvas"));
  canvas.width = canvas.height = THUMBNAIL;
  paintDigit(canvas.getContext("2d"), new Uint8Array(fromBase64(digit)), THUMBNAIL);
}

/** The sheet fits into the square pad, whatever the picture's shape. */
function lay(sheet, { width, height }) {
  const longest = Math.max(width, height);
  sheet.style.width = `${(100 * width) / longest}%`;
  sheet.style.height = `${(100 * height) / longest}%`;
}

function place(element, [left, top, right, bottom]) {
  const percent = (share) => `${(100 * share).toFixed(2)}%`;
  Object.assign(element.style, {
    left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top),
  });
}

/** An object URL for the newest blob; the previous one is revoked. */
function createAddress() {
  let [blob, address] = [null, ""];
  return (wanted) => {
    if (wanted === blob) return address;
    if (address) URL.revokeObjectURL(address);
    [blob, address] = [wanted, URL.createObjectURL(wanted)];
    return address;
  };
}
