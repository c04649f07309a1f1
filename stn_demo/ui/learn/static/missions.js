/** Whether a mission of the last scene is completed, judged by the newest frame. mission: from scenes.json. */

import { number } from "../../shared/i18n.js";

const NOTHING = 1e-9; // a gradient shorter than this counts as zero

export function isDone(mission, frame, label) {
  const best = (probs) => probs.indexOf(Math.max(...probs));
  if (mission.overruled && !frame.overruled) return false;
  if (mission.digit !== undefined && label !== mission.digit) return false;
  if (mission.right && best(frame.probs) !== label) return false;
  if (mission.twin_wrong && (!frame.twin_probs || best(frame.twin_probs) === label)) return false;
  if (mission.reads !== undefined && best(frame.probs) !== mission.reads) return false;
  if (mission.no_gradient && !(frame.gradient && frame.gradient.norm <= NOTHING && !frame.warped.some((value) => value > 0))) return false;
  return true;
}

/** The numbers in the sentence for a completed mission. */
export function numbersOfDone(frame) {
  const best = (probs) => probs.indexOf(Math.max(...probs));
  const { rotation } = frame.overruled && frame.undone ? frame.undone : frame.applied;
  return {
    digit: best(frame.probs), twin: frame.twin_probs ? best(frame.twin_probs) : "",
    rotation: number(Math.round(rotation) === -180 ? 180 : rotation), // half a turn has no sign; the slider ends at +180
    norm: frame.gradient?.norm ?? "",
  };
}
