// Dark or light.

const KEPT = "stn-theme";

export function attachTheme(root) {
  const button = root.querySelector("#theme");
  const dark = () => document.body.classList.contains("dark");
  const show = () => button.setAttribute("aria-pressed", String(dark()));
  try {
    const kept = localStorage.getItem(KEPT);
    if (kept) document.body.classList.toggle("dark", kept === "dark");
  } catch {
    // storage may be forbidden; then Gradio's choice applies
  }
  button.addEventListener("click", () => {
    document.body.classList.toggle("dark");
    try {
      localStorage.setItem(KEPT, dark() ? "dark" : "light");
    } catch {
      // then it applies until the page is closed
    }
  });
  new MutationObserver(show).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  show();
}
