// Dark or light.

const STORAGE_KEY = "stn-theme";

export function attachTheme(root) {
  const button = root.querySelector("#theme");
  const dark = () => document.body.classList.contains("dark");
  const show = () => button.setAttribute("aria-pressed", String(dark()));
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    if (stored) document.body.classList.toggle("dark", stored === "dark");
  } catch {
    // storage may be forbidden; then Gradio's choice applies
  }
  button.addEventListener("click", () => {
    document.body.classList.toggle("dark");
    try {
      localStorage.setItem(STORAGE_KEY, dark() ? "dark" : "light");
    } catch {
      // then it applies until the page is closed
    }
  });
  new MutationObserver(show).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  show();
}
