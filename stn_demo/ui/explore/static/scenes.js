// The prepared scenes, one press each: poses in which the network is right and the one beside it is not, and one in which both
// are (measured by tests/benchmarks/scenes.py). A press opens the scene's link.

import { t } from "../../shared/i18n.js";
import { loadScenes } from "./scenes-data.js";

export async function attachScenes(root, store, http) {
  const box = root.querySelector("#scenes");
  const title = box.appendChild(document.createElement("span"));
  title.dataset.i18n = "scenes.title";
  title.textContent = t("scenes.title");
  for (const { id } of await loadScenes(http)) {
    const button = box.appendChild(document.createElement("button"));
    button.type = "button";
    button.dataset.scene = id;
    button.dataset.i18n = `scene.${id}`;
    button.textContent = t(button.dataset.i18n);
    button.addEventListener("click", () => {
      location.hash = `scene=${id}`;
    });
  }
}
