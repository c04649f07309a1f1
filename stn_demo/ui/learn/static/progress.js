/** The visitor's progress and answers, stored in this browser only. */

const STORAGE_KEY = "stn-lesson";

/** -> {at, answers: {id: {answer, right, when}}, seen: {id: true}, thoughts: {scene: text}} with set(patch) and clear() */
export function createProgress() {
  let kept = read();
  const write = () => {
    try {
      localStorage.setItem(STORAGE_KEY, JSON.stringify(kept));
    } catch {
      // storage may be forbidden or full; the progress is then kept until the page is closed
    }
  };
  return {
    get: () => kept,
    /** Merges; of answers, seen and thoughts entry by entry. */
    set(patch) {
      for (const [key, value] of Object.entries(patch)) {
        kept[key] = typeof value === "object" ? { ...kept[key], ...value } : value;
      }
      write();
    },
    clear() {
      kept = empty();
      write();
    },
  };
}

const empty = () => ({ at: "", answers: {}, seen: {}, thoughts: {} });

function read() {
  try {
    const found = JSON.parse(localStorage.getItem(STORAGE_KEY));
    const whole = found && typeof found.at === "string" && ["answers", "seen", "thoughts"].every((key) =>
      found[key] && typeof found[key] === "object" && !Array.isArray(found[key]));
    return whole ? found : empty();
  } catch {
    return empty();
  }
}

/** The answers as CSV (RFC 4180): a row for each prediction, question and thought. stops: see lesson.js. */
export function csvOf(stops, { answers, thoughts }) {
  const rows = [["kind", "question", "answer", "expected", "right", "time"]];
  for (const { id, phase, data } of stops) {
    const given = answers[id];
    if (!given) continue;
    const kind = { scene: "prediction", before: "quiz before", after: "quiz after" }[phase];
    const text = typeof given.answer === "object" ? JSON.stringify(given.answer) : String(given.answer);
    rows.push([kind, id, text, data.predict?.right ?? "", given.right === null ? "" : String(given.right), given.when]);
  }
  for (const [scene, text] of Object.entries(thoughts)) if (text) rows.push(["why", scene, text, "", "", ""]);
  return `${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** Spreadsheets interpret a cell that begins with one of =+-@ as a formula: such a text is prefixed by an apostrophe. */
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** The number of right answers in a phase: {right, of}; null until all are answered. */
export function scoreOf(stops, answers, phase) {
  const asked = stops.filter((stop) => stop.phase === phase);
  if (!asked.length || asked.some(({ id }) => !answers[id])) return null;
  return { right: asked.filter(({ id }) => answers[id].right).length, of: asked.length };
}
