// The gradient and the map of the loss, as analysis/gradient.py and analysis/landscape.py compute them on the server: the chain of
// graphs that analysis/loss_graphs.py describes. Each graph is fetched when it is first used.

import { Refused } from "./refused.js";
import { tensor } from "./graphs.js";
import { fed } from "./network.js";

/** graphs: see graphs.js. -> {open(about), push(one), map(one, inTurn)}; one: what engine.js has worked out for a question. */
export function createLosses(graphs) {
  const ofSampler = ({ mode, padding }, part) => graphs.session(`readings/${mode}-${padding}-${part}.onnx`);
  const ofNetwork = ({ losses, weights }, part) =>
    graphs.session(losses[part], part === "loss" || part === "row" ? weights : undefined);

  const forGradient = (about, sampler) => Promise.all([ofNetwork(about, "loss"), ofSampler(sampler, "slope"), ofNetwork(about, "step")]);
  const forMap = (about, sampler) => Promise.all([ofNetwork(about, "spread"), ofSampler(sampler, "row"), ofNetwork(about, "row")]);

  /** Opens the graphs before they are used; about: as in index.networks. */
  async function open(about) {
    const sampler = { mode: about.sampler, padding: about.padding };
    if (about.losses) await Promise.all([forGradient(about, sampler), forMap(about, sampler)]);
  }

  /** {target, loss, arrows: the negative gradient by each grid point, theta, next}; null without a transformer or without the graphs. */
  async function push({ question, model: { about }, found, sampler }) {
    if (!about.losses) return null;
    const opened = await forGradient(about, sampler).catch((error) => (error.code === "not_fetched" ? null : Promise.reject(error)));
    if (!opened) return null; // not downloaded, and there is no connection
    const [loss, slope, step] = opened;
    const target = targetOf(question, about, found);
    const result = await loss.run(fed(loss, { warped: found.warped, target: whole(target) }));
    const { input: image, grid, theta } = found;
    const { by_grid } = await slope.run(fed(slope, { image, grid, kernel: kernelOf(sampler), by_warped: result.by_warped }));
    const { by_theta, following } = await step.run(fed(step, { theta, by_grid }));
    return { target, loss: result.loss.data[0], arrows: by_grid.data.map((value) => -value), theta: by_theta.data, next: following.data };
  }

  /** {target, rotation, scale, loss: of each row and column}. inTurn(work) runs each row between the frames that are asked for. */
  async function map({ question, model: { about }, found, sampler }, inTurn) {
    if (about.transform === null) throw new Refused("bad_request", "This network has no transformer at its input, so there is no map of the loss.");
    if (!about.losses) throw new Refused("no_losses", "The graphs of the loss of this network are not here.");
    const [spread, read, row] = await forMap(about, sampler);
    const target = targetOf(question, about, found);
    const { grids, rotation, scale, able } = await inTurn(() => spread.run(fed(spread, { theta: found.theta })));
    if (!able.data[0]) throw new Refused("bad_request", "This theta reads a single point, so its frame cannot be rotated or scaled.");
    const [rows, columns, ...points] = grids.dims;
    const length = grids.data.length / rows;
    const loss = [];
    for (let i = 0; i < rows; i++) {
      await new Promise((done) => setTimeout(done)); // questions that have come meanwhile are taken in
      const part = tensor("float32", grids.data.subarray(i * length, (i + 1) * length), [columns, ...points]);
      const result = await inTurn(async () => {
        const { warped } = await read.run(fed(read, { image: found.input, grids: part, kernel: kernelOf(sampler) }));
        return row.run(fed(row, { warped, target: whole(target) }));
      });
      loss.push(...result.loss.data);
    }
    return { target, rotation: rotation.data[0], scale: scale.data[0], loss };
  }

  return { open, push, map };
}

/** The correct class: chosen, or of a ready digit; else the most probable one. */
function targetOf({ target, source }, about, { probs }) {
  const given = about.names === null ? (target ?? source?.label ?? null) : null;
  return given ?? probs.data.indexOf(Math.max(...probs.data));
}

const whole = (value) => tensor("int64", [BigInt(value)], []);
const kernelOf = ({ kernel }) => tensor("float32", new Float32Array(kernel), [4, 4]);
