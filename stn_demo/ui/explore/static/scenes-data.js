/** The prepared scenes: which digit, pose and networks each shows (scenes.json). Their titles are strings "scene.<id>". */

import { DEFAULTS } from "../../shared/store.js";
import { sourceNamed } from "./ready.js";

let loading = null;

/** http: see shared/http.js. -> the list of scenes, [{id, digit, pose, model, twin, ...}]. */
export function loadScenes(http) {
  loading ??= http.get("stn/explore/static/scenes.json").catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

/** The state of a scene as JSON for the server's check: {text} or {error: {code, message}}. Fields that a scene does not
 *  mention have their defaults. */
export async function stateOfScene(id, http) {
  const scene = (await loadScenes(http)).find((one) => one.id === id);
  if (!scene) return { error: { code: "unknown_scene", message: "There is no scene of this name." } };
  const { source, error } = await sourceNamed(scene.digit, http);
  if (error) return { error };
  const { pose, model, twin, grab, sampler, padding, layers } = scene;
  const state = { source, pose: { ...DEFAULTS.pose, ...pose }, model, twin, grab, sampler, padding };
  return { text: JSON.stringify({ ...state, layers: { ...DEFAULTS.layers, ...layers } }) };
}
