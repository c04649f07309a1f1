/** The names of the files that the visitor has opened as networks: kept by the browser as long as the tab is open. The server
 * does not know them; its name of such a network is a secret. */

const KEPT = "stn-opened"; // session storage: {name of the network: name of its file}
let names = null;

/** -> {name of the network: name of its file, without its ending} */
export function openedNames() {
  if (names) return names;
  try {
    names = Object.fromEntries(
      Object.entries(JSON.parse(sessionStorage.getItem(KEPT)) ?? {}).filter((entry) => typeof entry[1] === "string"),
    );
  } catch {
    names = {}; // storage is forbidden, or another script has written there
  }
  return names;
}

export function keepOpenedName(network, file) {
  names = { ...openedNames(), [network]: file.replace(/\.safetensors$/i, "") };
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(names));
  } catch {
    // Without storage, a reload shows the server's name.
  }
}
