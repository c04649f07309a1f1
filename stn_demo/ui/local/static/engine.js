// Answers requests with frames, as live/engine.py does on the server. Every number comes from the exported graphs.

import { areComparable } from "../../shared/comparable.js";
import { fromBase64 } from "../../shared/frame.js";
import { createGraphs, tensor } from "./graphs.js";
import { createInk } from "./ink.js";
import { lookInto } from "./inspect.js";
import { createLosses } from "./losses.js";
import { ofRun } from "./recorded.js";
import { Refused } from "./refused.js";

const DIGIT = 28;
const STRAIGHT = { rotation: 0, scale: 1, shift_x: 0, shift_y: 0, shear: 0, corners: [[0, 0], [0, 0], [0, 0], [0, 0]], elastic: 0, elastic_seed: 0 };

/** root: base url of the page. -> {infos, keep({keep, about}), frame(question), numbers(question), landscape(question)}, one at a time in the
 *  order of the calls; a map of the loss takes a turn for each of its rows. */
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

  /** {question, digit, model, name, twinName, incomparable, found: the graph's tensors, twin: those of the twin's graph, reading} */
  async function work(question) {
    const name = question.model ?? index.defaults.model;
    const asked = question.twin === undefined ? index.defaults.twin : question.twin;
    const [model, other] = await Promise.all([networks(name), asked ? networks(asked) : null]);
    const twin = other && areComparable(model.about, other.about) ? other : null;
    const [twinName, incomparable] = twin ? [asked, null] : [null, asked];
    const digit = await digitOf(question, draw);
    const pose = { ...STRAIGHT, ...question.pose };
    const shift = await noise(pose);
    model.pose(digit, pose, shift);
    model.grab(question.grab);
    let found = await model.run();
    const sampler = samplerOf(question, model.about, index.kernel);
    let reading = null;
    if (sampler && (sampler.foreign || question.density || question.inspect)) {
      const session = await graphs.session(`readings/${sampler.mode}-${sampler.padding}.onnx`);
      reading = await session.run(readingFeeds(session, found, sampler, question.inspect));
      if (sampler.foreign) {
        const { input, grid, theta, predicted, outline, words, bend, look_grids } = found;
        const kept = { input, grid, theta, predicted, outline, words, bend };
        const looks = await readLooks(session, input, look_grids, sampler);
        found = { ...await model.run(reading.warped.data), ...kept, warped: reading.warped, looks };
      }
    }
    let twinProbs = null;
    if (twin) {
      twin.pose(digit, pose, shift);
      twin.grab(null);
      twinProbs = (await twin.run()).probs.data;
    }
    return { question, digit, pose, model, name, twin, twinName, incomparable, found, twinProbs, sampler, reading };
  }

  function inTurn(task) {
    const result = turn.then(task);
    turn = result.catch(() => {});
    return result;
  }
  const answered = (then) => (question) => inTurn(() => work(question).then(then));
  const opening = [index.defaults.model, index.defaults.twin].filter(Boolean).map(networks);
  await Promise.all([pen, ...opening]);
  return {
    infos: index.infos,
    /** Opens a network before it is asked for; about: an entry as in index.networks, of a network that is not in it. */
    async keep({ keep, about }) {
      if (about) index.networks[keep] = about;
      const own = (await networks(keep)).about;
      if (own.sampler) await Promise.all([graphs.session(`readings/${own.sampler}-${own.padding}.onnx`), losses.open(own)]);
    },
    frame: answered(async (one) => ({ ...one, ...lookInto(one), push: one.question.gradient ? await losses.push(one) : null, index })),
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

/** -> networks(name): promise of one network, ready to be fed. */
function createNetworks(graphs, index) {
  const opened = new Map();
  return async function networks(name) {
    const about = Object.hasOwn(index.networks, name) ? index.networks[name] : ofRun(name, index);
    if (!about) throw new Refused("unknown_model", `There is no checkpoint '${name}' here.`);
    const session = await graphs.session(about.graph, about.weights);
    if (opened.get(name)?.session !== session) opened.set(name, createNetwork(session, about, index));
    return opened.get(name);
  };
}

/** One network's graph and its input tensors (see analysis/graph.py), which are overwritten for each frame. */
function createNetwork(session, about, index) {
  const { length, output } = about;
  const data = {
    digit: new Uint8Array(DIGIT * DIGIT), pose: new Float32Array(5), corners: new Float32Array(8), elastic: new Float32Array(32),
    grab: new Float32Array(3), grab_theta: new Float32Array(length), grab_parts: new Float32Array(6),
    grab_corners: new Float32Array(8), given: new Float32Array(output * output), use_given: new Float32Array(1),
  };
  const shapes = {
    digit: [DIGIT, DIGIT], pose: [5], corners: [4, 2], elastic: [16, 2], grab: [3], grab_theta: [length], grab_parts: [6],
    grab_corners: [4, 2], given: [output, output], use_given: [],
  };
  const feeds = {};
  for (const name of session.inputNames) {
    feeds[name] = tensor(name === "digit" ? "uint8" : "float32", data[name], shapes[name]);
  }
  return {
    session,
    about,
    pose(digit, pose, elastic) {
      data.digit.set(digit);
      index.pose.forEach((part, i) => { data.pose[i] = pose[part]; });
      data.corners.set(pose.corners.flat());
      data.elastic.set(elastic);
    },
    /** grab: as in analysis/frame.py, or null. Without a transformer there is no theta to set. */
    grab(grab) {
      data.grab.fill(0);
      if (!grab || !length) return;
      if (grab.theta) {
        if (grab.theta.length !== length) {
          throw new Refused("bad_request", `This transform takes ${length} parameters, not ${grab.theta.length}.`);
        }
        data.grab_theta.set(grab.theta);
      } else if (grab.parts) data.grab_parts.set(index.parts.map((part) => grab.parts[part]));
      else {
        if (about.transform !== "projective") {
          throw new Refused("bad_request", "Only a projective transform can be taken by its four corners.");
        }
        data.grab_corners.set(grab.corners.flat());
      }
      data.grab[grab.theta ? 0 : grab.parts ? 1 : 2] = 1;
    },
    /** warped: the output of another sampler, as input of the classifier; without it the network's own sampler is used. */
    run(warped = null) {
      data.use_given[0] = warped ? 1 : 0;
      if (warped) data.given.set(warped);
      return session.run(feeds);
    },
  };
}

async function digitOf({ source, raw }, draw) {
  if (source?.kind === "strokes") return draw(source.strokes, !raw);
  if (!source?.digit) return new Uint8Array(DIGIT * DIGIT);
  const digit = new Uint8Array(fromBase64(source.digit));
  if (digit.length !== DIGIT * DIGIT) throw new Refused("bad_request", "A colour picture needs the live page.");
  return digit;
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
async function readLooks(session, input, { data, dims: [count, side] }, sampler) {
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
  return Object.fromEntries(session.inputNames.map((name) => [name, all[name]]));
}

function rows(data, columns) {
  const pair = (i) => [data[2 * i], data[2 * i + 1]];
  const count = data.length / 2 / columns;
  return Array.from({ length: count }, (_, y) => Array.from({ length: columns }, (_, x) => pair(y * columns + x)));
}
