// Composes the Train page: the model of the runs (session), and a module for each part of the page.

import { createHttp } from "../../shared/http.js";
import { translate } from "../../shared/i18n.js";
import { attachToast } from "../../shared/toast.js";
import { createAsk } from "./api.js";
import { attachChoose } from "./choose.js";
import { attachCurves } from "./curves.js";
import { createSession } from "./runs-model.js";
import { attachDrive } from "./drive.js";
import { attachFilm } from "./film.js";
import { attachManage } from "./manage.js";
import { attachMyDigit } from "./my-digit.js";
import { attachRuns } from "./runs.js";
import { attachTenDigits } from "./ten-digits.js";
import { attachTimeline } from "./timeline.js";

const PARTS = [attachChoose, attachDrive, attachRuns, attachManage, attachMyDigit, attachTimeline, attachTenDigits, attachFilm, attachCurves];

/** element: the Gradio component that holds train.html; root: base url of the app, with a slash at the end. */
export async function start({ element, root: base }) {
  const root = element.querySelector(".stn-train");
  const http = createHttp(base);
  const stn = await stage();
  translate(root);
  const session = createSession(http);
  attachToast({ querySelector: () => root.querySelector("#train-toast") }, session);
  const ask = createAsk(http, session);
  for (const attach of PARTS) {
    try {
      attach({ root, session, ask, http, base, stn });
    } catch (error) {
      console.error(error);
      session.emit("toast", { key: "error.module", args: { message: `${attach.name}: ${error.message}` } });
    }
  }
  stn.store.on("lang", () => {
    translate(root);
    session.emit("lang");
  });
  watchVisible(root, (visible) => session.show(visible));
  root.dataset.watching = "true";
}

/** The stage's own store: it is on the page's first tab, but may still be starting. */
async function stage() {
  while (!window.stn) await new Promise((done) => setTimeout(done, 30));
  return window.stn;
}

/** Whether the page is visible: both its tab and the browser's tab are open. */
function watchVisible(root, tell) {
  let open = false;
  const say = () => tell(open && !document.hidden);
  new IntersectionObserver((entries) => {
    open = entries.at(-1).isIntersecting;
    say();
  }).observe(root);
  document.addEventListener("visibilitychange", say);
}
