// The way from here to the stage.

import { encode } from "../../explore/static/link.js";
import { DEFAULTS } from "../../shared/store.js";

/** The page's first tab, with what stands on its stage now. */
export function openExplore() {
  document.querySelector("#pages button[role=tab]").click();
  scrollTo({ top: 0 });
}

/** What Explore is to show of a failure: the very digit, pose and networks, and nothing that was set there before. */
export function stateOf({ digit, label, pose }, { name, twin }, lang) {
  return {
    ...structuredClone({ ...DEFAULTS, layers: undefined }),
    source: { kind: "digit", digit, label },
    pose,
    model: name,
    twin,
    lang,
    layers: { ...DEFAULTS.layers },
  };
}

/** The same as an address. */
export const addressOf = (state) => `#s=${encode(state)}`;
