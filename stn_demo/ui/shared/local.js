// The page without a server: http.js, calls.js and connection.js use this object instead of the network.

let here = null;

/** {http: {get(path), post(path, body), fetched(path)}, connect(listeners), calls: {frame(text), status()}}, see local/static/local.js; or null. */
export const local = () => here;

export function serveHere(server) {
  here = server;
}
