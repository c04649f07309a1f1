/** The uploaded picture on the pad: outlines of its digits, one of them selected, and a cut that the visitor can move. */

import { fromBase64 } from "../../shared/frame.js";
import { problemOf } from "../../shared/offline.js";
import { attachCutDrag } from "./cut-drag.js";
import { createUploadedView } from "./uploaded-view.js";

const MIDDLE = [0.25, 0.25, 0.75, 0.75]; // the initial cut if no digit was found

/** -> {show(answer): {found} of /stn/picture, isOpen()} */
export function attachUploaded(root, store, http) {
  /** {picture: Blob, width, height, flat: base64 or null, marks: [{box, digit, cut}], chosen: index or -1, box: of the cut,
   *  problem: {code, message} or null, refusedWith: the source that stayed where no digit was found}; digit and cut are null
   *  until the server has read the box */
  let upload = null;
  let dismissed = false;
  let former = new Map(); // digit -> its earlier mark, for undo
  const view = createUploadedView(root);
  const draw = () => view.draw(isOpen() ? upload : null);

  function isOpen() {
    if (!upload || dismissed) return false;
    const { source } = store.get();
    return source === upload.refusedWith || (source.kind === "digit" && former.has(source.digit));
  }

  function show({ found, error }) {
    const marks = found.boxes.map((box, i) => ({ box, digit: found.digits[i], cut: found.cuts[i] }));
    const chosen = error ? -1 : found.first;
    upload = {
      picture: new Blob([fromBase64(found.picture)], { type: "image/jpeg" }),
      width: found.width,
      height: found.height,
      flat: found.flat ?? null,
      marks,
      chosen,
      box: marks[chosen]?.box ?? MIDDLE,
      problem: error ?? null,
      refusedWith: error ? store.get().source : null,
    };
    former = new Map(marks.map((mark, index) => [mark.digit, { index, mark }]));
    dismissed = false;
    draw();
  }

  function take(index) {
    const { digit, box } = upload.marks[index];
    Object.assign(upload, { chosen: index, box, problem: null });
    if (digit) store.set({ source: { kind: "digit", digit, label: null } });
    draw();
  }

  const reread = createRereading(http, () => upload?.picture, (answer, box) => {
    if (!isOpen()) return; // the visitor has switched to another digit
    const mark = upload.marks[upload.chosen];
    if (answer.error) upload.problem = answer.error;
    else {
      Object.assign(upload, { problem: null, refusedWith: null });
      const next = { ...mark, box, digit: answer.digit, cut: answer.found.cuts[0] };
      upload.marks[upload.chosen] = next;
      former.set(next.digit, { index: upload.chosen, mark: next });
      store.set({ source: { kind: "digit", digit: next.digit, label: null } });
    }
    draw();
  }, (error) => store.emit("toast", error));

  /** The visitor has moved the cut, or with `isNew` started a new one. */
  function move(box, isNew = false) {
    if (isNew || upload.chosen < 0) upload.chosen = upload.marks.push({ box, digit: null, cut: null }) - 1;
    upload.box = box;
    upload.marks[upload.chosen] = { ...upload.marks[upload.chosen], box };
    draw();
    reread(box);
  }

  attachCutDrag(root.querySelector("#uploaded"), { box: () => upload.box, move });
  view.onTake(take);
  root.querySelector("#uploaded-close").addEventListener("click", () => {
    dismissed = true;
    draw();
    root.querySelector("#view-digit").focus();
  });
  store.on("lang", draw);
  store.subscribe(({ source }, keys) => {
    if (!upload || !keys.includes("source")) return;
    const known = source.kind === "digit" ? former.get(source.digit) : null;
    if (known && upload.marks[upload.chosen]?.digit !== source.digit) { // after undo or redo
      upload.marks[known.index] = known.mark;
      Object.assign(upload, { chosen: known.index, box: known.mark.box });
    }
    draw();
  });
  draw();
  return { show, isOpen };
}

/** reread(box): requests the digit in the box from the server, one request at a time; of waiting ones only the last. */
function createRereading(http, picture, done, failed) {
  let wanted = null;
  let isAsking = false;
  return async (box) => {
    wanted = box;
    if (isAsking) return;
    isAsking = true;
    while (wanted) {
      const [asked, of] = [wanted, picture()];
      wanted = null;
      try {
        const answer = await http.post(`stn/picture?box=${asked.map((share) => share.toFixed(4)).join(",")}`, of);
        if (of === picture()) done(answer, asked);
      } catch (error) {
        failed({ error: problemOf(error) });
      }
    }
    isAsking = false;
  };
}
