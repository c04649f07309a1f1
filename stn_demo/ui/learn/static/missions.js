/** Whether a mission of the last scene is done, by the newest frame. mission: of scenes.json. */

const NOTHING = 1e-9; // length of a gradient that is none

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

/** The numbers of the sentence when it is done. */
export function numbersOfDone(frame) {
  const best = (probs) => probs.indexOf(Math.max(...probs));
  const { rotation } = frame.overruled && frame.undone ? frame.undone : frame.applied;
  return {
    digit: best(frame.probs), twin: frame.twin_probs ? best(frame.twin_probs) : "", rotation: Math.round(rotation),
    norm: frame.gradient?.norm ?? "",
  };
}
