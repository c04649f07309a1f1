/** One number of theta on the screen: it has an explanation, and can be typed or changed with the arrow keys. */

import { number, t } from "../../shared/i18n.js";
import { textIn, write } from "../../shared/node.js";

const MOST = 20; // largest absolute value that may be typed
const STEP = { coarse: 0.05, fine: 0.01 }; // of an arrow key, without and with Shift

/** says: key of its explanation. change(value): the visitor has changed it. toast(message): shows a message.
 *  -> {element, write(value, decimals)} */
export function createCell({ says, change, toast }) {
  const element = document.createElement("span");
  element.className = "cell";
  element.tabIndex = 0;
  element.setAttribute("role", "button");
  explain(element, says);
  const node = numberIn(element);
  let value = 0;

  function edit(first = null) {
    const input = Object.assign(document.createElement("input"), {
      type: "text", inputMode: "decimal", className: "typed", value: first ?? String(Number(value.toFixed(3))),
    });
    input.setAttribute("aria-label", t(says));
    element.replaceWith(input);
    input.focus();
    if (first === null) input.select();
    let open = true;
    const close = () => {
      open = false;
      if (input.isConnected) input.replaceWith(element);
    };
    const take = () => {
      const typed = parsed(input.value);
      if (typed === null) {
        input.setAttribute("aria-invalid", "true");
        toast({ key: "theta.bad" });
        return false;
      }
      close();
      if (typed !== Number(value.toFixed(3))) change(typed);
      return true;
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page's own keys must not react
      if (event.key === "Escape") close();
      else if (event.key !== "Enter" || !take()) return;
      element.focus();
    });
    input.addEventListener("blur", () => open && (take() || close()));
  }

  element.addEventListener("click", () => edit());
  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (way) change(limited(value + way * (event.shiftKey ? STEP.fine : STEP.coarse)));
    else if (event.key === "Enter" || event.key === " ") edit();
    else if (/^[-−.,\d]$/.test(event.key)) edit(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    element,
    write(now, decimals) {
      value = now;
      write(node, number(now, decimals));
    },
  };
}

/** A number that this kind of transform does not change. */
export function createFixed() {
  const element = document.createElement("span");
  element.className = "cell fixed";
  explain(element, "theta.says.fixed");
  const node = numberIn(element);
  return { element, write: (value, decimals) => write(node, number(value, decimals)) };
}

function explain(element, key) {
  element.dataset.i18nHelp = key;
  element.title = t(key);
  if (element.hasAttribute("role")) element.setAttribute("aria-description", element.title);
}

function numberIn(element) {
  const box = element.appendChild(document.createElement("span"));
  box.className = "number";
  const node = textIn(box);
  element.append(" "); // separates the numbers when the text is read or copied
  return node;
}

const limited = (value) => Number(Math.min(MOST, Math.max(-MOST, value)).toFixed(4));

/** The number that was typed, with either kind of minus sign and of decimal point; null for anything else. */
function parsed(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".");
  const value = Number(plain);
  return plain && Number.isFinite(value) && Math.abs(value) <= MOST ? value : null;
}
