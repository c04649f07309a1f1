/** The tabs of the page follow the address, and the address follows the tabs. A tab is an element with role "tab" and
 * the attribute data-tab-id, which is the page's name in route.js; its title is the string "tab.<name>". */

import { t } from "./i18n.js";
import { saysSomething } from "./route.js";
import { go, note, onRoute, route } from "./router.js";

const WAIT = 30; // ms between checks whether the tab strip exists
const VISITED = "stn-visited"; // stored in the browser at the first visit
const FIRST_PAGE = "learn"; // opened at the first visit, if the address names no page

const strip = () => document.querySelector("#pages [role=tablist]");
const tabOf = (page) => strip()?.querySelector(`[role=tab][data-tab-id="${page}"]`);
const openPage = () => strip()?.querySelector("[role=tab][aria-selected=true]")?.dataset.tabId;

/** store: of the stage; it reports a change of the language. */
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

/** Whether this is the browser's first visit; stores that it was here. Without storage: false. */
function isNew() {
  try {
    const visited = localStorage.getItem(VISITED) !== null;
    localStorage.setItem(VISITED, "1");
    return !visited;
  } catch {
    return false;
  }
}
