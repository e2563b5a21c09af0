// The vector tile layer: two sources, base and grids, in one canvas, so that labels make way for each other.

import { LANG, labelRules, paintRules, INK } from "./style.js";

/** Make the layer that folium declares; it loads nothing until `setAddresses` and being added to a map. */
export function vectorTiles({ maxDataZoom }) {
  const source = () => ({ url: "/tiles/none", maxDataZoom, levelDiff: 1 });
  const layer = protomapsL.leafletLayer({
    sources: { base: source(), grids: source() },
    paintRules: paintRules(),
    labelRules: labelRules(),
    backgroundColor: INK.land,
    lang: LANG,
    attribution: "",
    noWrap: false,
    updateWhenZooming: false,
    keepBuffer: 1,
  });
  for (const [name, view] of layer.views) watch(layer, name, view);
  return layer;
}

/** Tell the layer, by an event, of tiles that failed; a request given up for another zoom is no failure. */
function watch(layer, name, view) {
  const { source } = view.tileCache;
  const fetchTile = source.get.bind(source);
  source.get = async (...address) => {
    if (!source.isSet) return new Map();
    try {
      return await fetchTile(...address);
    } catch (error) {
      if (error.name !== "AbortError") layer.fire("tilesfailed", { name });
      throw error;
    }
  };
}

/** Point a source at other addresses: a new revision, another layer, or null for none. Returns whether it changed. */
export function setAddress(layer, name, url) {
  const { tileCache } = layer.views.get(name);
  if (tileCache.source.isSet && tileCache.source.url === url) return false;
  tileCache.source.url = url ?? "/tiles/none";
  tileCache.source.isSet = url !== null;
  tileCache.cache.clear();
  return true;
}

/** Paint again, after a change of what is shown or of an address. */
export function repaint(layer) {
  layer.clearLayout();
  if (layer._map) layer.rerenderTiles();
}
