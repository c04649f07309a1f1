/** The prepared scenes as a row of buttons, [data-scene]. Each has a link of its own, "#scene=<id>". */

import { t } from "../../shared/i18n.js";
import { go, onRoute, route } from "../../shared/router.js";
import { loadScenes } from "./scenes-data.js";

/** Keeps no state: the current scene is the one in the address. The event "scene" of the store,
 *  +1 or -1, steps to the next or the one before. */
export async function attachScenes(root, store, http) {
  const row = root.querySelector("#scenes");
  const scenes = await loadScenes(http);
  let last = -1; // the last opened scene, from which stepping continues after a change by the visitor

  const open = (index) => {
    last = index;
    go({ page: "explore", values: { scene: scenes[index].id } });
    show();
  };
  const buttons = scenes.map(({ id }, index) => {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.dataset.scene = id;
    button.dataset.i18n = `scene.${id}`;
    button.textContent = t(button.dataset.i18n);
    button.addEventListener("click", () => open(index));
    return button;
  });
  row.replaceChildren(...buttons);

  function show() {
    const { scene } = route().values;
    const found = scenes.findIndex(({ id }) => id === scene);
    if (found >= 0) last = found;
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === found)));
  }
  store.on("scene", (step) => open((Math.max(last, step > 0 ? -1 : 0) + step + scenes.length) % scenes.length));
  store.on("address", show);
  onRoute(show);
  show();
}
