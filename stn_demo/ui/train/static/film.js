// The replay as a file: the server draws real frames of every snapshot for the visitor's digit.

import { question } from "../../shared/channel.js";

export function attachFilm({ root, session, ask, stn }) {
  const buttons = ["gif", "webp"].map((format) => [format, root.querySelector(`#train-${format}`)]);
  let busy = false;

  function show() {
    for (const [, button] of buttons) button.disabled = busy || session.snapshots.length < 2;
  }
  for (const [format, button] of buttons) {
    button.addEventListener("click", async () => {
      const { source, raw, pose } = question(stn.store.get());
      busy = true;
      show();
      session.emit("toast", { key: "train.film.busy" });
      const body = JSON.stringify({ id: session.id, format, source, raw, pose });
      const answer = await ask.fetched("stn/train/replay", { method: "POST", body });
      if (answer) {
        ask.save(await answer.blob(), `${session.id}.${format}`);
        session.emit("toast", { key: "train.film.done" });
      }
      busy = false;
      show();
    });
  }
  for (const name of ["progress", "run"]) session.on(name, show);
}
