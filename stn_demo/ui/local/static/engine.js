// Answers requests with frames, as live/engine.py does on the server. Every number comes from the exported graphs.

import { areComparable } from "../../shared/comparable.js";
import { digitOf } from "./digit.js";
import { createGraphs, tensor } from "./graphs.js";
import { createInk } from "./ink.js";
import { lookInto } from "./inspect.js";
import { createLosses } from "./losses.js";
import { createNetworks, fed } from "./network.js";

/** root: base url of the page. -> {infos, keep({keep, about}), frame(question, early?, found?), numbers(question), landscape(question)},
 *  one at a time in the order of the calls; a map of the loss takes a turn for each of its rows. early(one): see encodePictures.
 *  found: the warp graph's tensors for this question, if ahead.js has them. */
export async function createEngine(root) {
  const graphs = createGraphs(root);
  const pen = graphs.session("pen.onnx"); // fetches the runtime and the index at the same time
  pen.catch(() => {});
  const index = await graphs.json("index.json");
  const draw = createInk(async (feeds) => (await pen).run(feeds), tensor);
  const networks = createNetworks(graphs, index);
  const noise = createNoise(graphs, index.seeds_a_page);
  const losses = createLosses(graphs);
  let turn = Promise.resolve();

  /** {question, digit, pose, model, name, twin, twinName, incomparable, found: the graphs' tensors, twinProbs, sampler, reading, ...lookInto}.
   * early(one): called with the same, before the classifier has answered. ready: as `found` above. */
  async function work(question, early = null, ready = null) {
    const name = question.model ?? index.defaults.model;
    const asked = question.twin === undefined ? index.defaults.twin : question.twin;
    const [model, other] = await Promise.all([networks(name), asked ? networks(asked) : null]);
    const twin = other && areComparable(model.about, other.about) ? other : null;
    const [twinName, incomparable] = twin ? [asked, null] : [null, asked];
    const digit = await digitOf(question, draw);
    const pose = { ...model.straight, ...question.pose };
    const posed = { digit, pose, shift: await noise(pose) };
    let found = ready ?? await model.warp(posed, await model.thetaOf(question.grab));
    const sampler = samplerOf(question, model.about, index.kernel);
    let reading = null;
    if (sampler && (sampler.foreign || question.density || question.inspect)) {
      const session = await graphs.session(`readings/${sampler.mode}-${sampler.padding}.onnx`);
      reading = await session.run(readingFeeds(session, found, sampler, question.inspect));
      if (sampler.foreign) found = { ...found, warped: reading.warped, looks: await readLooks(session, found, sampler) };
    }
    const one = { question, digit, pose, model, name, twin, twinName, incomparable, found, sampler, ...lookInto({ question, found, sampler, reading }) };
    early?.(one);
    Object.assign(found, await model.words(found, await model.atRest(posed, found)), await model.classify(found.warped));
    const twinProbs = twin && (await twin.probs(posed, found.input)).data;
    return { ...one, twinProbs };
  }

  function inTurn(task) {
    const result = turn.then(task);
    turn = result.catch(() => {});
    return result;
  }
  const answered = (then) => (question, early, found) => inTurn(() => work(question, early, found).then(then));
  const opening = [index.defaults.model, index.defaults.twin].filter(Boolean).map(networks);
  await Promise.all([pen, ...opening]);
  return {
    infos: index.infos,
    /** Opens a network before it is asked for; about: an entry as in index.networks, of a network that is not in it. */
    async keep({ keep, about }) {
      if (about) index.networks[keep] = about;
      const own = (await networks(keep)).about;
      if (own.graphs.grab) await graphs.session(own.graphs.grab);
      if (own.sampler) await Promise.all([graphs.session(`readings/${own.sampler}-${own.padding}.onnx`), losses.open(own)]);
    },
    frame: answered(async (one) => ({ ...one, push: one.question.gradient ? await losses.push(one) : null, index })),
    async landscape(question) {
      const found = await losses.map(await inTurn(() => work({ ...question, twin: null, density: false, inspect: null })), inTurn);
      return { question, axes: index.map, ...found };
    },
    numbers: answered(({ pose, model, name, found, digit }) => ({
      model: name,
      transform: model.about.transform,
      pose,
      theta: [...found.theta.data],
      predicted_theta: [...found.predicted.data],
      grid: rows(found.grid.data, found.grid.dims[1]),
      probabilities: [...found.probs.data],
      about: model.about,
      digit: [...digit],
    })),
  };
}

/** -> noise(pose): the shift of each control point of the elastic deformation, px, from files of random numbers. */
function createNoise(graphs, aPage) {
  const pages = new Map();
  return async function noise({ elastic, elastic_seed }) {
    const shift = new Float32Array(32);
    if (!elastic) return shift;
    const page = Math.floor(elastic_seed / aPage);
    if (!pages.has(page)) pages.set(page, new Float32Array((await graphs.read(`noise/${page}.bin`)).buffer));
    const start = 32 * Math.floor(elastic_seed % aPage);
    return shift.map((_, i) => Math.fround(elastic) * pages.get(page)[start + i]);
  };
}

/** The sampler in use: {mode, padding, kernel, foreign: whether it is not the network's own}; null without a transformer. */
function samplerOf({ sampler, padding }, about, plain) {
  if (about.transform === null) return null;
  const mode = sampler ?? about.sampler;
  const edge = padding ?? about.padding;
  const kernel = mode === about.sampler && about.kernel ? about.kernel : plain;
  return { mode, padding: edge, kernel, foreign: mode !== about.sampler || edge !== about.padding };
}

/** What each look reads with this sampler: a tensor [looks, O, O] as the frame graph's own. */
async function readLooks(session, { input, look_grids: { data, dims: [count, side] } }, sampler) {
  const read = new Float32Array(count * side * side);
  const length = side * side * 2;
  for (let i = 0; count > 1 && i < count; i += 1) {
    const grid = tensor("float32", data.slice(i * length, (i + 1) * length), [side, side, 2]);
    const { warped } = await session.run(readingFeeds(session, { input, grid }, sampler, null));
    read.set(warped.data, i * side * side);
  }
  return { data: read, dims: [count, side, side] };
}

function readingFeeds(session, { input, grid }, { kernel }, inspect) {
  const { view, x, y } = inspect ?? { x: 0, y: 0 };
  const side = view === "input" ? input.dims[0] : grid.dims[0];
  const whole = (value) => tensor("int64", [BigInt(Math.min(Math.floor(value), side - 1))], []);
  const all = { image: input, grid, kernel: tensor("float32", new Float32Array(kernel), [4, 4]), x: whole(x), y: whole(y) };
  return fed(session, all);
}

function rows(data, columns) {
  const pair = (i) => [data[2 * i], data[2 * i + 1]];
  const count = data.length / 2 / columns;
  return Array.from({ length: count }, (_, y) => Array.from({ length: columns }, (_, x) => pair(y * columns + x)));
}
