/** A question beside the channel whose refusal becomes a sentence for the visitor. */

/** promise: of http.get or http.post. -> the answer, or null after a toast. */
export async function answered(store, promise) {
  let answer = null;
  try {
    answer = await promise;
  } catch (error) {
    store.emit("toast", error.code ? { error } : { key: "error.offline" });
    return null;
  }
  if (!answer?.error) return answer;
  store.emit("toast", { error: answer.error });
  return null;
}
