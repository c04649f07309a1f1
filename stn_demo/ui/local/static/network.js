// A network of the worker: its graphs (see analysis/graph.py and analysis/word_graphs.py), fed with a question.

import { DIGIT } from "./digit.js";
import { tensor } from "./graphs.js";
import { ofRun } from "./recorded.js";
import { Refused } from "./refused.js";

const UNMOVED = { corners: [[0, 0], [0, 0], [0, 0], [0, 0]], elastic: 0, elastic_seed: 0 };

const KINDS = ["warp", "classify", "words"]; // graphs of a network
const WITHOUT_WEIGHTS = "words";

/** kinds: the graphs that are opened, of KINDS; the others' functions cannot be called. -> networks(name): promise of one network. */
export function createNetworks(graphs, index, kinds = KINDS) {
  const opened = new Map();
  return async function networks(name) {
    const about = Object.hasOwn(index.networks, name) ? index.networks[name] : ofRun(name, index);
    if (!about) throw new Refused("unknown_model", `There is no checkpoint '${name}' here.`);
    // a twin whose input is the posed digit itself needs the classifier only, but is opened whole: it may be chosen next
    const sessions = await Promise.all(kinds.map((kind) => graphs.session(about.graphs[kind], kind === WITHOUT_WEIGHTS ? undefined : about.weights)));
    const known = opened.get(name)?.sessions ?? [];
    if (sessions.some((one, i) => one !== known[i])) opened.set(name, createNetwork(sessions, about, index, graphs));
    return opened.get(name);
  };
}

/** posed, in what follows: {digit: Uint8Array, pose: every part of it, shift: of the elastic deformation's control points}. */
function createNetwork(sessions, about, index, graphs) {
  const [warping, classifying, wording] = sessions;
  const { length } = about;
  const straight = { ...Object.fromEntries(index.pose.map((part, i) => [part, index.straight[i]])), ...UNMOVED };
  const data = {
    digit: new Uint8Array(DIGIT * DIGIT), pose: new Float32Array(5), corners: new Float32Array(8), elastic: new Float32Array(32),
    grab: new Float32Array(1), grab_theta: new Float32Array(length),
  };
  const shapes = { digit: [DIGIT, DIGIT], pose: [5], corners: [4, 2], elastic: [16, 2], grab: [], grab_theta: [length] };
  const feeds = {}; // tensors over these arrays, which are overwritten for each frame
  for (const name of warping.inputNames) feeds[name] = tensor(name === "digit" ? "uint8" : "float32", data[name], shapes[name]);
  let rest = { digit: "", theta: null }; // theta of the last digit as drawn

  function warp({ digit, pose, shift }, theta = null) {
    data.digit.set(digit);
    index.pose.forEach((part, i) => { data.pose[i] = pose[part]; });
    data.corners.set(pose.corners.flat());
    data.elastic.set(shift);
    data.grab[0] = theta ? 1 : 0;
    if (theta) data.grab_theta.set(theta);
    return warping.run(feeds);
  }

  const classify = (warped) => classifying.run({ warped });
  const isStraight = (pose) => index.pose.every((part, i) => pose[part] === index.straight[i]) && !pose.elastic && !pose.corners.flat().some(Boolean);

  return {
    sessions,
    about,
    straight,
    /** theta: replaces that of the network, or null. -> the tensors WARP_OUTPUTS */
    warp,
    /** warped: a tensor, of any sampler. -> {probs} */
    classify,
    /** The probabilities as a tensor. input: tensor, the posed digit in the frame of another network. */
    async probs(posed, input) {
      if (!length && input.dims[0] === about.size) return (await classify(input)).probs;
      return (await classify((await warp(posed)).warped)).probs;
    },
    /** found: of warp(). -> {words, bend} */
    words: ({ applied, theta, predicted }, atRest) => wording.run(fed(wording, { applied, theta, predicted, at_rest: atRest })),
    /** Theta for the digit as drawn, as a tensor; found: of warp(posed). */
    async atRest({ digit, pose }, { predicted }) {
      if (!length || isStraight(pose)) return predicted;
      const key = digit.join();
      if (rest.digit !== key) rest = { digit: key, theta: (await warp({ digit, pose: straight, shift: new Float32Array(32) })).predicted };
      return rest.theta;
    },
    /** The theta of a grab as in analysis/frame.py; null without one. A network without a transformer has no theta to replace. */
    async thetaOf(grab) {
      if (!grab || !length) return null;
      if (grab.theta) {
        if (grab.theta.length !== length) {
          throw new Refused("bad_request", `This transform takes ${length} parameters, not ${grab.theta.length}.`);
        }
        return grab.theta;
      }
      if (!grab.parts && about.transform !== "projective") {
        throw new Refused("bad_request", "Only a projective transform can be taken by its four corners.");
      }
      const grabbing = await graphs.session(about.graphs.grab);
      const parts = index.parts.map((part) => grab.parts?.[part] ?? 0);
      const corners = grab.corners?.flat() ?? new Array(8).fill(0);
      const all = { parts: tensor("float32", new Float32Array(parts), [6]), corners: tensor("float32", new Float32Array(corners), [4, 2]) };
      const { by_parts, by_corners } = await grabbing.run(fed(grabbing, all));
      return (grab.parts ? by_parts : by_corners).data;
    },
  };
}

/** The inputs that a graph has. */
export const fed = (session, all) => Object.fromEntries(session.inputNames.map((name) => [name, all[name]]));
