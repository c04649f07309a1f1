// Positions on the canvases. The pictures fill their canvases, except #view-input: it shows a margin around the frame,
// because the network may read beyond the edge.

/** #view-input shows normalised coordinates from -EXTENT to EXTENT; the frame itself is [-1, 1]. */
export const EXTENT = 1.42;

/** normalised input coordinate -> position on a view of `side` (css or device pixels), and back */
export const toView = (value, side, extent = EXTENT) => ((value / extent + 1) / 2) * side;
export const fromView = (position, side, extent = EXTENT) => ((position / side) * 2 - 1) * extent;

/** normalised coordinate <-> pixel index (centres at whole numbers) of a picture `size` pixels wide */
export const toPixel = (value, size) => ((value + 1) * size) / 2 - 0.5;
export const fromPixel = (pixel, size) => (2 * pixel + 1) / size - 1;

/** The largest shift of a digit in a frame of `size` px (to the edge), and of a corner of the frame (about a third), px. */
export const farthestShift = (size) => size / 2;
export const farthestCorner = (size) => Math.round((size * 10) / 28);

/** css widths of the canvases; asking the browser while drawing would force a layout. This
 *  observer is created first, so that code that redraws after a resize finds the new width here. */
const widths = new WeakMap();
const observer = new ResizeObserver((entries) => {
  for (const { target } of entries) widths.set(target, target.clientWidth);
});

/** Sets the resolution of a canvas to that of the screen; returns its side in device pixels. */
export function fit(canvas) {
  if (!widths.has(canvas)) {
    widths.set(canvas, canvas.clientWidth);
    observer.observe(canvas);
  }
  const side = Math.max(1, Math.round(widths.get(canvas) * (globalThis.devicePixelRatio || 1)));
  if (canvas.width !== side || canvas.height !== side) {
    canvas.width = side;
    canvas.height = side;
  }
  return side;
}
