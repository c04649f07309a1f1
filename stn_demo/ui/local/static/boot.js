// Starts the page without a server: the worker that answers first, then Explore, then the pages beside it.

import { serveHere } from "../../shared/local.js";
import { attachFrame } from "./frame.js";
import { openLocal } from "./local.js";
import { attachStrip } from "./strip.js";

const root = new URL(".", document.baseURI).href;

const chosen = stored("stn-theme");
document.body.classList.toggle("dark", chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset.local = "true"; // what needs a server is not shown: site.css
serveHere(openLocal(root));
attachStrip();
attachFrame();

for (const panel of document.querySelectorAll("[data-page]")) { // in their order: Explore comes first
  const element = panel.firstElementChild;
  try {
    const page = await import(`../../${panel.dataset.page}/static/main.js`);
    await page.start({ element, root });
  } catch (error) {
    console.error(error);
    element.prepend(Object.assign(document.createElement("p"), { textContent: String(error.message ?? error), role: "alert" }));
  }
}
navigator.serviceWorker?.register(new URL("service.js", root)).catch(() => {}); // the page works without one, but not offline

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden
  }
}
