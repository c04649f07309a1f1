// Python code that reproduces the current state: the template of explore/snippet.py, filled in.

import { toBase64 } from "../../shared/frame.js";
import { DEFAULTS } from "../../shared/store.js";

/** template: snippet.TEMPLATE; found: see engine.js. */
export function codeOf(template, { pose, grab, sampler, padding }, { model, about, theta, digit }) {
  const own = about.transform !== null;
  const foreign = own && (sampler || padding);
  const changed = Object.entries(pose).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(DEFAULTS.pose[name]));
  const taken = grab && theta.length ? `theta = torch.tensor([[${theta.join(", ")}]])  # set by hand\n    ` : "";
  const reads = `, sampler=Sampler("${sampler ?? about.sampler}", "${padding ?? about.padding}")`;
  const values = {
    digit: toBase64(Uint8Array.from(digit)),
    shape: "1, 1, 28, 28",
    channels: about.channels === 1 ? "" : `.expand(-1, ${about.channels}, -1, -1)`,
    model,
    summary: `${own ? `${about.transform} transformer` : "no transformer"}, ${about.classifier} classifier`,
    pose: `Pose(${changed.map(([name, value]) => `${name}=${python(value)}`).join(", ")})`,
    imports: foreign ? "\nfrom stn_demo.model import Sampler" : "",
    theta: taken,
    arguments: (taken ? ", theta=theta" : "") + (foreign ? reads : ""),
  };
  return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (whole, name) => {
    if (name && !(name in values)) throw new Error(`The template holds {${name}}, which code.js does not know.`);
    return name ? values[name] : whole[0];
  });
}

/** A number, or nested lists of numbers as tuples. */
function python(value) {
  return Array.isArray(value) ? `(${value.map(python).join(", ")})` : String(value);
}
