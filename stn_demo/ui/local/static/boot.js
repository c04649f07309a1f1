// Starts the page without a server: first the worker that answers, then Explore, then the other pages.

import { serveHere } from "../../shared/local.js";
import { openLocal } from "./local.js";
import { keepForOffline } from "./offline.js";
import { attachStrip } from "./strip.js";

const root = new URL(".", document.baseURI).href;

const chosen = stored("stn-theme");
document.body.classList.toggle("dark", chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
document.documentElement.dataset.local = "true"; // site.css hides what needs a server
const server = openLocal(root);
serveHere(server);
attachStrip();

for (const panel of document.querySelectorAll("[data-page]")) { // in order: Explore first
  const element = panel.firstElementChild;
  try {
    const page = await import(`../../${panel.dataset.page}/static/main.js`);
    await page.start({ element, root });
  } catch (error) {
    console.error(error);
    element.prepend(Object.assign(document.createElement("p"), { textContent: String(error.message ?? error), role: "alert" }));
  }
}
const { follow } = await import("../../train/static/follow.js");
follow(root); // lists the networks of runs on Explore
await keepForOffline(root, server).catch(() => {}); // without a service worker the page works, but not offline
// Only now, so that the runtime is not downloaded a second time. A phone would pause visibly while it opens the graphs.
if (matchMedia("(pointer: fine)").matches) server.quicken();

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden
  }
}
