/** A hand-drawn 9 in a pose in which `upright` classifies it correctly and its plain twin `upright-cnn`, which has no
 *  transformer, as a 6 (tests/ui/test_scenes.py). Shown until the visitor draws. */
export const FIRST = {
  source: {
    kind: "strokes",
    strokes: [{
      w: 85, e: 0,
      p: [
        631, 312, 608, 274, 574, 244, 531, 225, 485, 220, 439, 228, 398, 250, 366, 282, 346, 321,
        340, 365, 349, 408, 372, 446, 406, 476, 449, 495, 495, 500, 541, 492, 582, 470, 614, 438,
        634, 399, 640, 355, 631, 312, 640, 350, 630, 500, 600, 650, 560, 800,
      ],
    }],
  },
  pose: { rotation: -90, scale: 1, shift_x: 3, shift_y: 6 },
};
