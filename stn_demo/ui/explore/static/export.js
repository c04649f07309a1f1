/** Exports the current state: as a picture, as numbers, as a few lines of PyTorch. */

import { answered } from "./ask.js";
import { question } from "../../shared/channel.js";
import { copyText } from "../../shared/clipboard.js";
import { paintPoster } from "./poster.js";
import { t } from "../../shared/i18n.js";

export function attachExport(root, store, http) {
  root.querySelector("#export-png").addEventListener("click", () => {
    if (!store.frame) return store.emit("toast", { key: "export.wait" });
    paintPoster(root, store).toBlob((blob) => blob && save(blob, "png", store));
  });

  root.querySelector("#export-json").addEventListener("click", async () => {
    const answer = await answered(store, http.post("stn/export", question(store.get())));
    if (answer) save(new Blob([JSON.stringify(answer, null, 1)], { type: "application/json" }), "json", store);
  });

  const dialog = root.querySelector("#code-dialog");
  const code = root.querySelector("#code-text");
  root.querySelector("#export-code").addEventListener("click", async () => {
    const answer = await answered(store, http.post("stn/code", question(store.get())));
    if (!answer) return;
    code.textContent = answer.code;
    copy.textContent = t("code.copy");
    dialog.showModal();
  });
  const copy = root.querySelector("#code-copy");
  copy.addEventListener("click", async () => {
    if (await copyText(code.textContent)) copy.textContent = t("export.copied");
    else getSelection().selectAllChildren(code); // the visitor can press Ctrl+C
  });
  root.querySelector("#code-close").addEventListener("click", () => dialog.close());
}

function save(blob, extension, store) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${store.get().model}.${extension}`;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
