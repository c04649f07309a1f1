// Opens ahead.js, and the networks that it needs, while the visitor changes nothing: the page pauses for that time.

const QUIET = 1500; // ms without an answer

/** root: base url of the page. -> {prepare(text): after an answer to this question; suffices(question), pictures(text): as in ahead.js, undefined
 *  before it is open} */
export function openAhead(root) {
  let ahead = null;
  let timer = 0;

  async function open(text) {
    try {
      if (!ahead) {
        const { createAhead } = await import("./ahead.js");
        ahead = await createAhead(root);
      }
      await ahead.open(JSON.parse(text));
    } catch (error) {
      console.warn(error); // the worker goes on alone; tried again after the next answer
    }
  }

  return {
    prepare(text) {
      clearTimeout(timer);
      timer = setTimeout(open, QUIET, text);
    },
    suffices: (question) => ahead?.suffices(question),
    pictures: (text) => ahead?.pictures(JSON.parse(text)).catch(() => null), // the worker says what is wrong with the question
  };
}
