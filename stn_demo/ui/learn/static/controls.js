/** The controls of a step of the lesson: sliders of the pose or of theta, and the choice of a digit. */

import { number, t } from "../../shared/i18n.js";
import { sourceOf } from "./lesson.js";
import { make } from "./predict.js";

/** name: [part, least, most, step, unit, decimals, key of its title] */
const POSE = { rotation: ["rotation", -180, 180, 1, "unit.degrees", 0, "part.rotation"] };
const THETA = {
  "theta-rotation": ["rotation", -180, 180, 1, "unit.degrees", 0, "learn.theta.rotation"],
  "theta-scale": ["scale", 0.3, 2, 0.01, "unit.factor", 2, "learn.theta.scale"],
  "theta-shift": ["shift_x", -40, 40, 0.5, "unit.px", 1, "learn.theta.shift"],
};

/** box: its content is replaced by the controls of these names. Sliders follow the state. -> {follow()} */
export function createControls(box, names, stage, measured) {
  const { store } = stage;
  const sliders = [];
  box.replaceChildren();
  box.hidden = !names?.length;
  for (const name of names ?? []) {
    if (name === "digit") box.append(digits(store, measured));
    else sliders.push(slider(box, name, store));
  }
  const follow = () => {
    for (const show of sliders) show();
  };
  follow();
  return { follow };
}

function slider(box, name, store) {
  const ofPose = name in POSE;
  const [part, min, max, step, unit, decimals, title] = ofPose ? POSE[name] : THETA[name];
  const read = () => {
    if (ofPose) return store.get().pose[part];
    const { parts } = store.get().grab ?? {};
    return parts ? parts[part === "scale" ? "scale_x" : part] : (part === "scale" ? 1 : 0);
  };
  const write = (value) => {
    if (ofPose) return store.set({ pose: { [part]: value } });
    const { parts } = store.get().grab ?? {};
    const changed = part === "scale" ? { scale_x: value, scale_y: value } : { [part]: value };
    if (parts) store.set({ grab: { parts: { ...parts, ...changed } } });
  };
  const label = make("label", "", "slider");
  const track = make("span", "", "track");
  const output = make("output", "");
  const input = Object.assign(document.createElement("input"), { type: "range", min, max, step });
  input.dataset.control = name;
  input.style.setProperty("--zero", ((part === "scale" ? 1 : 0) - min) / (max - min));
  input.addEventListener("input", () => write(Number(input.value)));
  track.append(input);
  label.append(make("span", t(title)), track, output);
  box.append(label);
  return () => {
    const value = read();
    if (Number(input.value) !== value) input.value = value;
    output.textContent = t(unit, { value: number(value, decimals, unit !== "unit.factor") });
    input.setAttribute("aria-valuetext", output.textContent);
    input.style.setProperty("--share", (value - min) / (max - min));
  };
}

function digits(store, measured) {
  const group = make("div", "", "row");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", t("learn.digits"));
  const buttons = Object.keys(measured.digits).map((name) => {
    const { label, digit } = measured.digits[name];
    const button = Object.assign(make("button", String(label)), { type: "button" });
    button.dataset.digit = name;
    button.setAttribute("aria-pressed", String(store.get().source.digit === digit));
    button.addEventListener("click", () => {
      store.set({ source: sourceOf(name, measured) });
      for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
    });
    return button;
  });
  group.append(...buttons);
  return group;
}
