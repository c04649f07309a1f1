/** The worked example of the sampler on the two pictures: the output pixel, its sampling position, the four neighbours. */

import { markPixel, markPlace, markWeights } from "../../explore/static/pixel-marks.js";
import { fit } from "../../shared/geometry.js";

const STEPS = ["place", "neighbours", "weights", "sum"];

/** -> {show(step): show all marks up to this step; null: none. step(); draw(frame)} */
export function createMarks(input, warped) {
  let step = null;
  return {
    show(name) {
      step = name;
    },
    step: () => step,
    draw({ inspect, size, output }) {
      for (const canvas of [input, warped]) {
        const side = fit(canvas);
        canvas.getContext("2d").clearRect(0, 0, side, side);
      }
      if (step === null || inspect?.view !== "warped") return;
      markPixel(warped, output, 1, inspect.x, inspect.y);
      const shown = STEPS.indexOf(step);
      if (shown >= 2) markWeights(input, size, undefined, inspect.taps);
      else if (shown === 1) markWeights(input, size, undefined, inspect.taps.map(([x, y]) => [x, y, 1]));
      if (shown >= 0) markPlace(input, size, inspect.source);
    },
  };
}
