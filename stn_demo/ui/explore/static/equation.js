/** The sum that gives an output pixel: value = weight x input + ..., with its actual numbers. */

import { number, t } from "../../shared/i18n.js";

const MOST_TERMS = 4; // a bicubic sum has 16: the strongest are written out
const NOTHING = 0.0005; // smaller weights would be shown as 0.00

/** found: frame.inspect of an output pixel; colourAt(x, y): [red, green, blue] of an input pixel, of a colour picture.
 *  -> an element that reads "0.731 = 0.42 x 0.80 + ...". */
export function equation({ value, taps }, colourAt = null) {
  const line = Object.assign(document.createElement("p"), { className: "equation" });
  line.append(term("b", number(value, 3)), " = ");
  const terms = taps
    .filter(([, , weight]) => Math.abs(weight) >= NOTHING)
    .sort((a, b) => Math.abs(b[2]) - Math.abs(a[2]));
  if (!terms.some((tap) => tap[4])) {
    line.append(term("span", t("inspect.outside"), "outside"));
    return line;
  }
  terms.slice(0, MOST_TERMS).forEach(([x, y, weight, input, inside], index) => {
    if (index) line.append(weight < 0 ? " − " : " + ");
    else if (weight < 0) line.append("−");
    const product = term("span", "", "term");
    product.append(`${number(Math.abs(weight), 2)} × `);
    product.append(inside ? swatch(input, colourAt?.(x, y)) : term("span", t("inspect.outside"), "outside"));
    line.append(product);
  });
  const rest = terms.slice(MOST_TERMS);
  if (rest.length) {
    const sum = rest.reduce((total, [, , weight, input]) => total + weight * input, 0);
    line.append(sum < 0 ? " − " : " + ", term("span", t("inspect.rest", {
      count: rest.length, sum: number(Math.abs(sum), 3),
    }), "term"));
  }
  return line;
}

/** A value on a background of that grey, or of the colour of its pixel. */
function swatch(value, colour = null) {
  const grey = Math.round(255 * Math.min(1, Math.max(0, value)));
  const chip = term("span", number(value, 2), "swatch");
  chip.style.background = `rgb(${(colour ?? [grey, grey, grey]).join(", ")})`;
  chip.style.color = grey > 117 ? "#000" : "#fff"; // at least 4.5 : 1 on every grey
  return chip;
}

function term(tag, text, className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}
