// One sentence for the visitor, at the bottom of the page, for as long as it takes to read it.

import { errorText, onLanguage, t } from "./i18n.js";

const LEAST = 4000; // ms
const PER_LETTER = 60; // ms, and more for a long sentence

/** Shows whatever is emitted as "toast": {key, args} | {say(): the sentence} | {error: {code, message}}. */
export function attachToast(root, store) {
  const element = root.querySelector("#toast");
  let timer = 0;
  let sentence = () => "";
  const write = () => { element.textContent = sentence(); };
  const hide = () => element.classList.remove("open");
  store.on("toast", ({ key, args, say, error }) => {
    sentence = say ?? (() => (error ? errorText(error) : t(key, args)));
    clearTimeout(timer);
    write();
    element.classList.add("open");
    timer = setTimeout(hide, LEAST + PER_LETTER * element.textContent.length);
  });
  onLanguage(write);
  element.addEventListener("click", hide);
}
