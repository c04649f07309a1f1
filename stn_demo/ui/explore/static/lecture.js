/** The lecture layout: large pictures and text for a lecture room. Keys or a clicker step through the scenes, and the answer can be
 * hidden until the audience has guessed it. On the Learn page the same keys step through the lesson ("lesson", +1 or -1). */

import { openDialog } from "../../shared/dialog.js";
import { route } from "../../shared/router.js";

const TYPING = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, dialog[open], [role=listbox]";
const OWN_ARROWS = "canvas, input, select, [role=tab], [role=listbox]"; // elements with functions of their own for the arrow keys
const BACK = ["ArrowLeft", "ArrowUp"];
const ON = ["ArrowRight", "ArrowDown"];

export function attachLecture(root, store) {
  const lecture = createMode(root);
  const cover = root.querySelector("#cover");
  const help = root.querySelector("#keys-dialog");

  const setCovered = (on) => {
    root.classList.toggle("covered", on);
    cover.setAttribute("aria-pressed", String(on));
    store.emit("covered", on);
  };
  const toggleCover = () => setCovered(!root.classList.contains("covered"));
  cover.addEventListener("click", toggleCover);
  root.querySelector("#keys").addEventListener("click", () => openDialog(help));
  root.querySelector("#keys-close").addEventListener("click", () => help.close());
  root.querySelector("#scene-back").addEventListener("click", () => store.emit("scene", -1));
  root.querySelector("#scene-on").addEventListener("click", () => store.emit("scene", 1));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING)) return;
    const step = stepOf(event);
    if (event.key === "?") openDialog(help);
    else if (!lecture.isOn()) return;
    else if (step) store.emit(route().page === "learn" ? "lesson" : "scene", step);
    else if (event.key === "b" || event.key === "B" || event.key === ".") toggleCover();
    else if (event.key === "n" || event.key === "N") document.querySelector("#model-picker input, #model-picker button")?.focus();
    else if (event.key === "q" || event.key === "Q") root.querySelector("#qr").click();
    else if (/^[1-9]$/.test(event.key)) openTab(Number(event.key) - 1);
    else if (event.key === "Escape") lecture.set(false);
    else return;
    event.preventDefault();
  });
  root.querySelector("#lecture-leave").addEventListener("click", () => lecture.set(false)); // for who has no Escape key
  lecture.onLeave(() => setCovered(false));
}

/** The page keys of a clicker always step; arrow keys only if the focused element does not use them. */
function stepOf({ key, target }) {
  if (key === "PageDown") return 1;
  if (key === "PageUp") return -1;
  if (target.closest(OWN_ARROWS)) return 0;
  return ON.includes(key) ? 1 : BACK.includes(key) ? -1 : 0;
}

function openTab(index) {
  document.querySelectorAll("#pages [role=tablist] [role=tab]")[index]?.click();
}

/** Full screen if the browser allows it; the layout changes in any case. The page's tabs remain visible. */
function createMode(root) {
  const button = root.querySelector("#lecture");
  const leaving = [];
  const mode = {
    isOn: () => root.classList.contains("lecture"),
    onLeave: (tell) => leaving.push(tell),
    set(on) {
      if (on === mode.isOn()) return;
      root.classList.toggle("lecture", on);
      document.body.classList.toggle("stn-lecture", on);
      button.setAttribute("aria-pressed", String(on));
      if (on) document.documentElement.requestFullscreen?.().catch(() => {});
      else {
        if (document.fullscreenElement) document.exitFullscreen();
        for (const tell of leaving) tell();
      }
      scrollTo({ top: 0 });
    },
  };
  button.addEventListener("click", () => mode.set(!mode.isOn()));
  document.addEventListener("fullscreenchange", () => document.fullscreenElement || mode.set(false));
  return mode;
}
