// A request outside the channel; if it is refused, an error message is shown.

import { problemOf } from "../../shared/offline.js";

/** promise: of http.get or http.post. -> the answer, or null after a toast. */
export async function answered(store, promise) {
  let answer = null;
  try {
    answer = await promise;
  } catch (error) {
    store.emit("toast", { error: problemOf(error) });
    return null;
  }
  if (!answer?.error) return answer;
  store.emit("toast", { error: answer.error });
  return null;
}
