// A page shown in a frame sends its address to the page around it, as Hugging Face Spaces expect: https://huggingface.co/docs/hub/spaces-embed

/** Sends {queryString, hash} to the embedding page, now and whenever they change. */
export function attachEmbedding() {
  if (window.parent === window || !document.referrer) return;
  const parent = new URL(document.referrer).origin;
  let written = "";

  function send() {
    const { search, hash } = location;
    if (written === search + hash) return;
    written = search + hash;
    window.parent.postMessage({ queryString: search.slice(1), hash: hash.slice(1) }, parent);
  }
  for (const method of ["pushState", "replaceState"]) {
    const change = history[method].bind(history);
    history[method] = (...values) => {
      change(...values);
      send();
    };
  }
  addEventListener("hashchange", send);
  addEventListener("popstate", send);
  send();
}
