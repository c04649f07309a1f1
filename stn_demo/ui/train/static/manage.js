// Save a run's network as a checkpoint, download it, rename the run, delete it.

import { onLanguage, t } from "../../shared/i18n.js";
import { sentence } from "./api.js";
import { DEFAULTS } from "../../shared/store.js";
import { isActive } from "./runs-model.js";
import { title } from "./format.js";

export function attachManage({ root, session, ask, stn }) {
  const at = (name) => root.querySelector(`#train-${name}`);
  const [bar, save, download, rename, remove] = ["manage", "save", "download", "rename", "delete"].map(at);
  const naming = createNaming(at);
  const deleting = at("delete-dialog");
  const step = () => session.at ?? "latest";

  function show() {
    const open = session.overview?.allowed !== false;
    bar.hidden = !session.run;
    save.hidden = rename.hidden = remove.hidden = !open;
    remove.disabled = isActive(session.run) || session.run?.alive;
  }

  save.addEventListener("click", () => {
    const proposed = (session.run.name || "").normalize("NFKD").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+|-+$/g, "");
    naming({
      title: () => t("train.save.title"),
      line: () => t("train.save.line", { step: session.at ?? session.run?.step }),
      value: `${proposed || "my"}-${session.at ?? session.run.step}`.toLowerCase(),
      most: session.overview.choices.longest_names.network,
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
      async done(name) {
        const answer = await ask.post("save", { id: session.id, step: step(), name });
        if (answer) session.emit("toast", { key: "train.saved", args: { name: answer.name } });
      },
    });
  });
  rename.addEventListener("click", () =>
    naming({
      title: () => t("train.rename.title"),
      line: () => t("train.rename.line"),
      value: title(session.run),
      most: session.overview.choices.longest_names.run,
      pattern: /\S/,
      done: async (name) => (await ask.post("rename", { id: session.id, name })) && session.refresh(),
    }),
  );
  download.addEventListener("click", async () => {
    const answer = await ask.fetched(`stn/train/download?id=${session.id}&step=${step()}`);
    if (answer) ask.save(await answer.blob(), `${session.id}-${session.at ?? session.run.step}.safetensors`);
  });
  for (const format of ["json", "csv"]) {
    at(format).addEventListener("click", async () => {
      const answer = await ask.fetched(`stn/train/export?id=${session.id}&format=${format}`);
      if (answer) ask.save(await answer.blob(), `${session.id}.${format}`);
    });
  }
  const called = () => { at("delete-title").textContent = session.run ? t("train.delete.title", { name: title(session.run) }) : ""; };
  session.on("lang", called);
  remove.addEventListener("click", () => {
    called();
    deleting.returnValue = "";
    deleting.showModal();
    at("delete-close").focus();
  });
  at("delete-close").addEventListener("click", () => deleting.close());
  deleting.querySelector("form").addEventListener("submit", async () => {
    const { id } = session;
    if (await ask.post("delete", { id })) leave(id);
  });

  /** Switch Explore back to an existing network. */
  function leave(id) {
    const { model, twin } = stn.store.get();
    const gone = (name) => name?.startsWith(`run-${id}-`);
    const [first, second = null] = stn.networks ?? [];
    if (gone(model)) stn.store.set({ model: first ?? DEFAULTS.model, grab: null });
    if (gone(twin)) stn.store.set({ twin: second });
  }

  for (const name of ["overview", "progress", "run", "lang"]) session.on(name, show);
}

/** A dialog that asks for a name. -> ask({title(), line(), value, most: characters, pattern, done(name)}) */
function createNaming(at) {
  const [dialog, heading, line, input, problem] = ["name-dialog", "name-title", "name-line", "name-input", "name-problem"].map(at);
  let asked = null;
  let refused = false; // the name that was typed
  function write() {
    if (!asked) return;
    [heading.textContent, line.textContent] = [asked.title(), asked.line()];
    problem.textContent = refused ? sentence({ code: "run_name" }) : "";
  }
  onLanguage(write);
  dialog.querySelector("form").addEventListener("submit", (event) => {
    const name = input.value.trim();
    if (asked.pattern.test(name)) return void asked.done(name);
    event.preventDefault();
    refused = true;
    write();
  });
  at("name-close").addEventListener("click", () => dialog.close());
  return (question) => {
    input.maxLength = question.most;
    [asked, refused, input.value] = [question, false, question.value.slice(0, question.most)];
    write();
    dialog.showModal();
    input.select();
  };
}
