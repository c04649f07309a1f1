// Requests that fail because there is no connection, apart from faults of the program, which also throw a TypeError.

/** No connection, or a file of the page without a server that was not downloaded. */
export class Offline extends Error {}

/** What the visitor is told after a request has thrown: {code, message}, as a refusal of the server. A fault of the program is
 *  called that, and also written to the console. */
export function problemOf(error) {
  if (error instanceof Offline) return { code: "offline", message: error.message };
  if (typeof error?.code === "string") return error; // Refused, see local/static/refused.js
  console.error(error);
  return { code: "module", message: String(error?.message ?? error) };
}

/** As fetch; throws Offline where fetch throws TypeError. */
export async function reach(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    throw new Offline(`${address}: ${error.message}`);
  }
}
