/** The tools of the pad: pen, eraser, width, undo, redo, clear, and whether the drawing is prepared. */

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
  raw.checked = store.get().raw;
  store.subscribe((state, keys) => {
    if (keys.includes("raw")) raw.checked = state.raw;
  });
  return { show };
}
