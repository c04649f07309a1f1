/** The visitor's prediction at a stop: a choice, a position on a slider, a number. A frame on the picture: ghost.js. */

import { number, t } from "../../shared/i18n.js";

/**
 * form: #predict; its content is replaced. args: numbers for its texts. answered(value): the visitor has decided.
 * -> {answer: or undefined, show(answer), lock(right): it can no longer be changed; `right`, if given, is marked}
 */
export function createPredict(form, stop, args, answered) {
  const kind = KINDS[stop.data.predict?.kind];
  form.replaceChildren();
  form.hidden = !kind && !stop.data.mission;
  if (!kind) return { answer: undefined, show() {}, lock() {} };
  const box = form.appendChild(document.createElement("fieldset"));
  box.append(make("legend", t(`learn.${stop.scene}.${stop.part}.ask`, args)));
  const predict = { answer: undefined };
  const part = kind(box, (value) => {
    predict.answer = value;
    answered(value);
  }, stop, args);
  predict.show = (value) => {
    predict.answer = value;
    part.show(value);
  };
  predict.lock = (right) => {
    box.disabled = true;
    part.lock?.(right);
  };
  return predict;
}

/** The text of an option; several parts of a scene may share it. */
export const optionKey = ({ scene, part, data }, option) =>
  data.predict.shared ? `learn.${scene}.option.${option}` : `learn.${scene}.${part}.option.${option}`;

const KINDS = {
  choice(box, answered, stop, args) {
    const inputs = stop.data.predict.options.map((option) => {
      const label = make("label", "", "option");
      const input = Object.assign(document.createElement("input"), { type: "radio", name: "learn-choice", value: option });
      input.addEventListener("change", () => answered(option));
      label.append(input, make("span", t(optionKey(stop, option), args)));
      box.append(label);
      return input;
    });
    return {
      show(value) {
        for (const input of inputs) input.checked = input.value === value;
      },
      lock(right) {
        for (const input of inputs) {
          if (right !== undefined && input.value === right) input.parentElement.dataset.mark = "right";
          else if (right !== undefined && input.checked) input.parentElement.dataset.mark = "wrong";
        }
      },
    };
  },

  mark(box, answered, stop) {
    const { min, max, unit } = stop.data.predict;
    const label = make("label", "", "slider markslider");
    const input = Object.assign(document.createElement("input"), { type: "range", min, max, step: 1, value: min });
    const output = make("output", "");
    const track = make("span", "", "track");
    const found = make("i", "", "found");
    found.hidden = true;
    track.append(input, found);
    label.append(make("span", t("learn.mark")), track, output);
    box.append(label);
    const say = () => {
      output.textContent = t(unit, { value: number(Number(input.value)) });
      input.setAttribute("aria-valuetext", output.textContent);
      input.style.setProperty("--share", (input.value - min) / (max - min));
    };
    input.addEventListener("input", () => {
      say();
      answered(Number(input.value));
    });
    say();
    return {
      show(value) {
        input.value = value;
        say();
      },
      lock(right) {
        if (right === undefined) return;
        found.hidden = false;
        found.style.setProperty("--share", (right - min) / (max - min));
      },
    };
  },

  number(box, answered) {
    const label = make("label", "", "numberfield");
    const input = Object.assign(document.createElement("input"), { type: "text", inputMode: "decimal", autocomplete: "off", size: 6 });
    label.append(make("span", t("learn.number")), input);
    box.append(label);
    input.addEventListener("input", () => {
      const value = Number(input.value.trim().replace(",", "."));
      const valid = input.value.trim() !== "" && Number.isFinite(value);
      input.setAttribute("aria-invalid", String(!valid && input.value.trim() !== ""));
      answered(valid ? value : undefined);
    });
    return { show: (value) => { input.value = value ?? ""; } };
  },

  frame(box) {
    box.append(make("p", t("learn.ghost.help"), "soft"));
    return { show() {} };
  },
};

export function make(tag, textContent, className = "") {
  return Object.assign(document.createElement(tag), { textContent, className });
}
