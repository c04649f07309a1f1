// Links from the Results page to the Explore page.

import { valuesOf } from "../../explore/static/address.js";
import { format } from "../../shared/route.js";
import { go } from "../../shared/router.js";
import { DEFAULTS } from "../../shared/store.js";

/** Opens the Explore page with this change of its state; Back returns to the previous position. */
export function openExplore(store, change) {
  go({ page: "explore" });
  store.set(change);
  scrollTo({ top: 0 });
}

/** The state of Explore for a failure: its digit, pose and networks; everything else has its default. */
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

/** The same state as an address. */
export const addressOf = (state) => format({ page: "explore", values: valuesOf(state) });
