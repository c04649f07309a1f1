// Work that failed without a connection, tried again when there is one.

const PAUSE = 4000; // ms

/** work(): called once, as soon as the browser says that it is online, and at the latest after PAUSE. -> a function that cancels it */
export function whenBack(work) {
  const timer = setTimeout(run, PAUSE);
  addEventListener("online", run);

  function cancel() {
    clearTimeout(timer);
    removeEventListener("online", run);
  }
  function run() {
    cancel();
    work();
  }
  return cancel;
}
