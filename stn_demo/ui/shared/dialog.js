/** Dialogs that can be opened on every page. A dialog in a closed tab would be modal, so that nothing can be pressed, but invisible. */

/** Opens a dialog of the stage above the page that is shown. */
export function openDialog(dialog) {
  const shown = [...document.querySelectorAll(".stn")].find((page) => page.getClientRects().length);
  if (shown && !shown.contains(dialog)) shown.append(dialog);
  dialog.showModal();
}
