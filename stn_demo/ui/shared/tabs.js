/** The tabs of the page follow the address, and the address follows the tabs. A tab is an element with role "tab" and
 * the attribute data-tab-id, which is the page's name in route.js; its title is the string "tab.<name>". */

import { t } from "./i18n.js";
import { saysSomething } from "./route.js";
import { go, note, onRoute, route } from "./router.js";

const WAIT = 30; // ms between looks for a tab strip that is not there yet
const VISITED = "stn-visited"; // kept in the browser from the first visit on
const FIRST_PAGE = "learn"; // of a visitor who has not been here, where the address names nothing

const strip = () => document.querySelector("#pages [role=tablist]");
const tabOf = (page) => strip()?.querySelector(`[role=tab][data-tab-id="${page}"]`);
const openPage = () => strip()?.querySelector("[role=tab][aria-selected=true]")?.dataset.tabId;

/** store: of the stage; it tells when the language has changed. */
export async function attachTabs(store) {
  while (!strip()) await new Promise((done) => setTimeout(done, WAIT));

  function show({ page }) {
    if (openPage() !== page) tabOf(page)?.click();
  }

  function follow() {
    const page = openPage();
    if (page && page !== route().page) {
      go({ page });
      scrollTo({ top: 0 });
    }
  }

  function name() {
    for (const tab of document.querySelectorAll("#pages [role=tab][data-tab-id]")) {
      const title = t(`tab.${tab.dataset.tabId}`);
      if (tab.textContent.trim() !== title) tab.textContent = title;
    }
  }

  if (isNew() && !saysSomething(location.hash) && tabOf(FIRST_PAGE)) note({ page: FIRST_PAGE });
  onRoute(show);
  show(route());
  new MutationObserver(follow).observe(strip(), { subtree: true, attributeFilter: ["aria-selected"] });
  store.on("lang", name);
  name();
}

/** Whether this browser has not been here before; from now on it has. Without storage nobody can know: then it has. */
function isNew() {
  try {
    const visited = localStorage.getItem(VISITED) !== null;
    localStorage.setItem(VISITED, "1");
    return !visited;
  } catch {
    return false;
  }
}
