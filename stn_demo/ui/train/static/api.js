// Requests of the Train page; if one is refused, an error message is shown.

import { errorText, has, t } from "../../shared/i18n.js";
import { problemOf } from "../../shared/offline.js";
import { fault } from "./format.js";

export function sentence(error) {
  if (has(`train.fault.${error.kind}`)) return fault(error);
  const key = `train.error.${error.code}`;
  return has(key) ? t(key, { message: error.message }) : errorText(error);
}

/**
 * post(action, values) -> the answer, or null after a toast; fetched(path, options) -> Response or null after a toast;
 * save(blob, name): download a file.
 */
export function createAsk(http, session) {
  function refused(error) {
    session.emit("toast", { say: () => sentence(error) });
    return null;
  }

  return {
    async post(action, values) {
      try {
        const answer = await http.post(`stn/train/${action}`, values);
        if (!answer?.error) return answer ?? {};
        if (answer.running) session.watch(answer.running); // another visitor's run: watch it
        return refused(answer.error);
      } catch (error) {
        return refused(problemOf(error));
      } finally {
        session.refresh();
      }
    },
    async fetched(path, options) {
      try {
        const answer = await http.fetched(path, options);
        if (answer.ok) return answer;
        return refused((await answer.json().catch(() => ({}))).error ?? { code: "unknown" });
      } catch (error) {
        return refused(problemOf(error));
      }
    },
    save(blob, name) {
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    },
  };
}
