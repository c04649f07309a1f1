// The strip of tabs (the tabs pattern of ARIA); tabs.js sets their titles and the address.

export function attachStrip() {
  const strip = document.querySelector("#pages [role=tablist]");
  const tabs = [...strip.querySelectorAll("[role=tab]")];

  function select(tab) {
    for (const one of tabs) {
      const open = one === tab;
      one.setAttribute("aria-selected", String(open));
      one.tabIndex = open ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")).hidden = !open;
    }
  }
  for (const tab of tabs) tab.addEventListener("click", () => select(tab));
  strip.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.indexOf(document.activeElement);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
  select(tabs[0]);
}
