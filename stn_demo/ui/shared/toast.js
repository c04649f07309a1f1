// One sentence for the visitor, at the bottom of the page, for as long as it takes to read it.

import { errorText, t } from "./i18n.js";

const LEAST = 4000; // ms
const PER_LETTER = 60; // ms, and more for a long sentence

/** Shows whatever is emitted as "toast": {key, args} | {text} | {error: {code, message}}. */
export function attachToast(root, store) {
  const element = root.querySelector("#toast");
  let timer = 0;
  const hide = () => element.classList.remove("open");
  store.on("toast", ({ key, args, text, error }) => {
    const sentence = error ? errorText(error) : (text ?? t(key, args));
    clearTimeout(timer);
    element.textContent = sentence;
    element.classList.add("open");
    timer = setTimeout(hide, LEAST + PER_LETTER * sentence.length);
  });
  element.addEventListener("click", hide);
}
