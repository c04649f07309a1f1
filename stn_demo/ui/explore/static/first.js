/** A hand-drawn 2 in a pose in which `upright` reads it and `seed-cnn`, which has no transformer, does not
 *  (tests/ui/test_scenes.py): shown until the visitor draws. */
export const FIRST = {
  source: {
    kind: "strokes",
    strokes: [{
      w: 85, e: 0,
      p: [
        300, 350, 313, 298, 342, 258, 383, 228, 431, 209, 483, 202, 534, 207, 581, 226, 622, 260,
        648, 305, 656, 354, 645, 404, 621, 451, 591, 494, 558, 532, 522, 568, 486, 603, 450, 639,
        415, 675, 379, 711, 344, 748, 310, 785, 400, 772, 500, 768, 600, 772, 720, 780,
      ],
    }],
  },
  pose: { rotation: -75, scale: 0.65, shift_x: 6, shift_y: 7 },
};
