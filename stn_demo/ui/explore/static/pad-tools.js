/** The tools of the pad: pen, eraser, width, undo, redo, clear, and whether the drawing is prepared. */

import { isWhole } from "./whole.js";

/** Sets pen.erasing and pen.width. -> {show()} */
export function attachPadTools(root, store, history, pen) {
  const bar = root.querySelector("#pad-tools");
  const tool = (name) => bar.querySelector(`[data-tool="${name}"]`);
  pen.width = () => Number(tool("width").value);

  function show() {
    const ends = history.ends();
    const last = ["undo", "redo"].find((name) => !ends[name] && document.activeElement === tool(name));
    for (const name of ["undo", "redo"]) tool(name).disabled = !ends[name];
    if (last) tool(last === "undo" ? "redo" : "undo").focus(); // a disabled button loses the focus
    tool("pen").setAttribute("aria-pressed", String(!pen.erasing));
    tool("eraser").setAttribute("aria-pressed", String(pen.erasing));
  }
  const choose = (erasing) => () => {
    pen.erasing = erasing;
    show();
  };
  tool("pen").addEventListener("click", choose(false));
  tool("eraser").addEventListener("click", choose(true));
  tool("undo").addEventListener("click", history.undo);
  tool("redo").addEventListener("click", history.redo);
  tool("clear").addEventListener("click", () => store.set({ source: { kind: "strokes", strokes: [] } }));

  const raw = root.querySelector("#raw");
  raw.addEventListener("change", () => store.set({ raw: raw.checked }));
  const input = root.querySelector(".model-digit");
  function showPreparation({ raw: unprepared, source }) {
    raw.checked = unprepared;
    input.classList.toggle("whole", isWhole(source)); // a whole picture is never centred, so there is nothing to choose
  }
  showPreparation(store.get());
  store.subscribe((state, keys) => {
    if (keys.includes("raw") || keys.includes("source")) showPreparation(state);
  });
  return { show };
}
