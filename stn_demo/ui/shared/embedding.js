// A page in a frame of another tells it its address, as Spaces of Hugging Face expect: https://huggingface.co/docs/hub/spaces-embed

/** Sends {queryString, hash} to the embedding page, now and whenever they change. */
export function attachEmbedding() {
  if (window.parent === window || !document.referrer) return;
  const parent = new URL(document.referrer).origin;
  let told = "";

  function tell() {
    const { search, hash } = location;
    if (told === search + hash) return;
    told = search + hash;
    window.parent.postMessage({ queryString: search.slice(1), hash: hash.slice(1) }, parent);
  }
  for (const method of ["pushState", "replaceState"]) {
    const change = history[method].bind(history);
    history[method] = (...values) => {
      change(...values);
      tell();
    };
  }
  addEventListener("hashchange", tell);
  addEventListener("popstate", tell);
  tell();
}
