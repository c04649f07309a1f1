/** The question at the end of a scene: the visitor writes an answer, then sees a model answer. */

import { t } from "../../shared/i18n.js";

/** -> {show(stop, open, args)} */
export function createWhy(root, progress) {
  const at = (name) => root.querySelector(`#learn-${name}`);
  const [box, question, thought, because] = ["why", "why-question", "thought", "because"].map(at);
  const button = root.querySelector("#why");
  let scene = null;

  function open(yes) {
    because.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
    button.textContent = t(yes ? "learn.why.hide" : "learn.why.show");
  }
  button.addEventListener("click", () => open(because.hidden));
  thought.addEventListener("input", () => progress.set({ thoughts: { [scene]: thought.value } }));
  return {
    show(stop, visible, args) {
      box.hidden = !visible;
      if (scene !== stop.scene) {
        scene = stop.scene;
        thought.value = progress.get().thoughts[scene] ?? "";
        because.hidden = true;
      }
      if (!visible) return;
      question.textContent = t(`learn.${scene}.why`, args);
      because.textContent = t(`learn.${scene}.because`, args);
      open(!because.hidden);
    },
  };
}
