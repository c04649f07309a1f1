/** The scenes of the lesson as a row of buttons, [data-scene]: the current scene, and which have been seen. */

import { t } from "../../shared/i18n.js";
import { make } from "./predict.js";

/** open(index): go to this stop. -> {show(stop)} */
export function createNav(root, { data, stops, progress, open }) {
  const box = root.querySelector("#learn-scenes");
  const names = [...(stops[0].phase === "before" ? ["before"] : []), ...data.scenes.map(({ id }) => id), "quiz"];
  const stopsOf = (name) => stops.filter(({ id }) => id.split(".")[0] === name);
  const buttons = names.map((name) => {
    const button = Object.assign(make("button", ""), { type: "button" });
    button.dataset.scene = name;
    button.append(make("b", labelOf(name)), make("span", ""));
    button.addEventListener("click", () => open(stops.indexOf(stopsOf(name)[0])));
    return button;
  });
  box.replaceChildren(...buttons);

  function labelOf(name) {
    const number = data.scenes.findIndex(({ id }) => id === name) + 1;
    return number ? String(number) : "?";
  }
  return {
    show(stop) {
      const now = stop.id.split(".")[0];
      for (const button of buttons) {
        const name = button.dataset.scene;
        const title = t(`learn.${name}.title`);
        const parts = stopsOf(name);
        const seen = parts.filter(({ id }) => progress.get().seen[id]).length;
        button.lastChild.textContent = title;
        button.setAttribute("aria-label", `${button.firstChild.textContent} ${title}${seen === parts.length ? ` ${t("learn.seen")}` : ""}`);
        button.title = title;
        button.style.setProperty("--seen", seen / parts.length);
        if (name === now) button.setAttribute("aria-current", "step");
        else button.removeAttribute("aria-current");
        if (name === now) button.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    },
  };
}
