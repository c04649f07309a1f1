/** Copies text to the clipboard; returns whether that worked. Pages without https have only the old method. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedTheOldWay(text);
  }
}

function copiedTheOldWay(text) {
  const focused = document.activeElement;
  const area = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
  area.style.cssText = "position: fixed; top: 0; opacity: 0";
  // Nothing outside an open dialog can be focused or selected.
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    // the caller offers the text itself
  }
  area.remove();
  focused?.focus?.();
  return copied;
}
