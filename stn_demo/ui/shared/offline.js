// Requests that fail because there is no connection, apart from faults of the program, which also throw a TypeError.

/** No connection, or a file of the page without a server that was not downloaded. */
export class Offline extends Error {}

/** As fetch; throws Offline where fetch throws TypeError. */
export async function reach(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    throw new Offline(`${address}: ${error.message}`);
  }
}
