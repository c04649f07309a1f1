// The pictures of a frame, computed by the page itself before the browser paints the change that asks for them. The worker would
// answer after that. Only the first graph of a network runs here; the worker computes the rest from its tensors.

import { DIGIT, digitOf } from "./digit.js";
import { encodePictures } from "./encode.js";
import { createGraphs, packed } from "./graphs.js";
import { createNetworks } from "./network.js";

const STILL = new Float32Array(32); // no elastic deformation

/** root: base url of the page. -> promise of {suffices(question), open(question), pictures(question)} */
export async function createAhead(root) {
  const graphs = createGraphs(root);
  const index = await graphs.json("index.json");
  const networks = createNetworks(graphs, index, ["warp"]);
  const opened = new Set();
  const nameIn = ({ model }) => model ?? index.defaults.model;

  /** Whether the graphs that are open here are all that the pictures of this question need. */
  const suffices = (question) => {
    const { source, pose, grab, sampler, padding, density, inspect, gradient, landscape } = question;
    if (!opened.has(nameIn(question)) || source?.kind !== "digit" || pose?.elastic) return false;
    return ![grab, sampler, padding, density, inspect, gradient, landscape].some(Boolean);
  };

  return {
    suffices,
    /** Opens the network of this question; the page pauses for that time. Throws Refused if it cannot. */
    async open(question) {
      const name = nameIn(question);
      const { straight, warp } = await networks(name);
      await warp({ digit: new Uint8Array(DIGIT * DIGIT), pose: straight, shift: STILL }); // the first run takes longer than the following ones
      if (!opened.has(name)) performance.mark("stn-ahead", { detail: name });
      opened.add(name);
    },
    /** -> {message: see encodePictures, found: the graph's tensors, see packed()}; null if the worker must answer. */
    async pictures(question) {
      if (!suffices(question)) return null;
      const [model, digit] = await Promise.all([networks(nameIn(question)), digitOf(question)]);
      const found = await model.warp({ digit, pose: { ...model.straight, ...question.pose }, shift: STILL });
      return { message: encodePictures({ question, digit, model, found, density: null }), found: packed(found) };
    },
  };
}
