// For a network with several looks: a strip with the output of each look. Their frames are in picture 2 (view.js).

import { t } from "../../shared/i18n.js";
import { fit } from "../../shared/geometry.js";
import { toWords } from "../../shared/frame.js";

const MOST = 4;

/** Fills #looks; hidden for networks with one look. -> {draw(frame)} */
export function createLooks(root) {
  const box = root.querySelector("#looks");
  const title = box.appendChild(document.createElement("h3"));
  title.dataset.i18n = "looks.title";
  const list = box.appendChild(document.createElement("ol"));
  const items = Array.from({ length: MOST }, (_, index) => {
    const item = list.appendChild(document.createElement("li"));
    const canvas = item.appendChild(document.createElement("canvas"));
    canvas.setAttribute("role", "img");
    const name = item.appendChild(document.createElement("span"));
    canvas.dataset.i18nLabel = name.dataset.i18n = `looks.${index + 1}`;
    return { item, canvas };
  });
  const small = document.createElement("canvas");
  return {
    draw(frame) {
      const count = frame.look_outlines?.length ?? 0;
      box.hidden = count < 2 || frame.blank;
      if (box.hidden) return;
      title.textContent = t("looks.title");
      items.forEach(({ item, canvas }, index) => {
        item.hidden = index >= count;
        if (index >= count) return;
        canvas.setAttribute("aria-label", t(canvas.dataset.i18nLabel));
        item.lastChild.textContent = t(canvas.dataset.i18nLabel);
        const length = frame.looks.length / count;
        const pixels = frame.looks.subarray(index * length, (index + 1) * length);
        drawLook(canvas, small, pixels, frame.output);
      });
    },
  };
}

function drawLook(canvas, small, pixels, output) {
  const side = fit(canvas);
  if (!side) return;
  small.width = small.height = output;
  const context = small.getContext("2d");
  const image = context.createImageData(output, output);
  toWords(pixels, new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
  const target = canvas.getContext("2d");
  target.imageSmoothingEnabled = false;
  target.drawImage(small, 0, 0, side, side);
}
