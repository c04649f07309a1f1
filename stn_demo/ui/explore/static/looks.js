// For a network with several looks: a strip with the output of each look. Their frames are in picture 2 (view.js).

import { t } from "../../shared/i18n.js";
import { put } from "../../shared/node.js";
import { createPicture, stretch } from "../../shared/view.js";

const MOST = 4;

/** Fills #looks; hidden for networks with one look. -> {draw(frame)} */
export function createLooks(root) {
  const box = root.querySelector("#looks");
  const title = box.appendChild(document.createElement("h3"));
  name(title, "looks.title");
  const list = box.appendChild(document.createElement("ol"));
  const items = Array.from({ length: MOST }, (_, index) => {
    const item = list.appendChild(document.createElement("li"));
    const canvas = item.appendChild(document.createElement("canvas"));
    canvas.setAttribute("role", "img");
    canvas.dataset.i18nLabel = `looks.${index + 1}`;
    canvas.setAttribute("aria-label", t(canvas.dataset.i18nLabel));
    name(item.appendChild(document.createElement("span")), canvas.dataset.i18nLabel);
    return { item, canvas, picture: createPicture() };
  });
  return {
    draw(frame) {
      const count = frame.look_outlines?.length ?? 0;
      put(box, "hidden", count < 2 || frame.blank);
      if (box.hidden) return;
      items.forEach(({ item, canvas, picture }, index) => {
        put(item, "hidden", index >= count);
        if (index >= count) return;
        const length = frame.looks.length / count;
        picture.set(frame.looks.subarray(index * length, (index + 1) * length), frame.output);
        stretch(canvas, picture.canvas);
      });
    },
  };
}

/** Names an element; i18n.js translates it when the language changes. */
function name(element, key) {
  element.dataset.i18n = key;
  element.textContent = t(key);
}
