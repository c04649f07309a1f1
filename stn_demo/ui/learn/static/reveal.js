/** The actions of #reveal on the stage: a change of the state, a sweep, steps of gradient descent. */

import { wrapped } from "../../explore/static/gesture.js";
import { bestName } from "../../shared/probs.js";
import { number, t } from "../../shared/i18n.js";
import { patchOf } from "./lesson.js";

/** -> {run(step, signal): resolves when it has been shown; numbers(): values of the newest frame, for the texts;
 *     found: of the last sweep, {angle, digit} or null} */
export function createReveal({ stage, data }) {
  const { store } = stage;
  async function sweep({ part, to }, signal) {
    const { label } = store.get().source;
    play.found = null;
    for (let value = 0; value <= to; value++) {
      store.set({ pose: { [part]: value } });
      const frame = value === 0 ? store.frame : await stage.until(({ applied }) => Math.abs(wrapped(applied[part] - value)) < 0.1, signal);
      const digit = frame.probs.indexOf(Math.max(...frame.probs));
      if (digit !== label) play.found ??= { angle: value, digit };
    }
    if (!play.found) return;
    store.set({ pose: { [part]: play.found.angle } });
    await stage.until(({ applied }) => Math.abs(applied[part] - play.found.angle) < 0.1, signal);
  }

  async function descend(steps, signal) {
    const end = stage.until(() => !stage.descent.running(), signal);
    stage.descent.run(steps);
    await end;
  }

  const play = {
    found: null,
    async run(step, signal) {
      if (step.light) stage.light(step.light);
      if (step.mark) {
        stage.marks.show(step.mark);
        stage.again();
      }
      if (step.set) await change(patchOf(step.set, data), signal);
      if (step.descend) await descend(step.descend, signal);
      if (step.kind === "sweep") await sweep(step, signal);
    },
    numbers: () => numbersOfFrame(store.frame, stage.models()),
  };

  /** Change the state and wait for its frame: an earlier request may still be in flight. The map of the loss comes over a
   *  separate connection. */
  async function change(patch, signal) {
    const before = store.changedAt;
    const map = patch.layers?.landscape ? stage.mapOf(signal) : null;
    store.set(patch);
    const { changedAt } = store;
    map?.catch(() => {}); // not awaited if the visitor has left
    if (changedAt === before) return;
    await (map ?? stage.until((frame) => frame.startedAt >= changedAt, signal));
  }
  return play;
}

/** The numbers in the texts that come from a frame. models: of the server's status. A value may be a function, see called(). */
export function numbersOfFrame(frame, models) {
  if (!frame) return {};
  const trained = models.find(({ name }) => name === frame.model)?.trained;
  return {
    now: bestName(frame.probs, frame.names),
    count: frame.theta.length,
    points: frame.output * frame.output,
    output: frame.output,
    looks: Math.max(1, frame.look_outlines?.length ?? 0),
    limit: trained ? number(Math.max(...trained.rotation.map(Math.abs))) : () => t("learn.unknown"),
  };
}

/** Arguments of a sentence: values that are functions are words, looked up in the current language. */
export const called = (args) => Object.fromEntries(Object.entries(args).map(([key, value]) => [key, typeof value === "function" ? value() : value]));
