// Dark or light, and the lecture mode: the stage alone, as large as the screen.

const KEPT = "stn-theme";

export function attachTheme(root) {
  const button = root.querySelector("#theme");
  const dark = () => document.body.classList.contains("dark");
  const show = () => button.setAttribute("aria-pressed", String(dark()));
  try {
    const kept = localStorage.getItem(KEPT);
    if (kept) document.body.classList.toggle("dark", kept === "dark");
  } catch {
    // storage may be forbidden; Gradio's own choice stands
  }
  button.addEventListener("click", () => {
    document.body.classList.toggle("dark");
    try {
      localStorage.setItem(KEPT, dark() ? "dark" : "light");
    } catch {
      // it lasts as long as the page
    }
  });
  new MutationObserver(show).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  show();
}

/** Full screen where the browser allows it; the stage fills the window in any case. */
export function attachLecture(root) {
  const button = root.querySelector("#fullscreen");
  const set = (on) => {
    root.classList.toggle("lecture", on);
    button.setAttribute("aria-pressed", String(on));
  };
  const leave = () => {
    set(false);
    if (document.fullscreenElement) document.exitFullscreen();
  };
  button.addEventListener("click", () => {
    if (root.classList.contains("lecture")) return leave();
    set(true);
    root.requestFullscreen?.().catch(() => {});
  });
  document.addEventListener("fullscreenchange", () => set(document.fullscreenElement === root));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && root.classList.contains("lecture") && !root.querySelector("dialog[open]")) leave();
  });
}
