// The server in this page, where there is no other: what http.js and connection.js turn to instead of the network.

let here = null;

/** {http: {get(path), post(path, body)}, connect(listeners)}, see local/static/local.js; or null. */
export const local = () => here;

export function serveHere(server) {
  here = server;
}
