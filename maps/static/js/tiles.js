// The vector tile layer: base and grids in one canvas, so that labels make way for each other, painted by a worker.

import { shown } from "./style.js";

const SIDE = 512;

/** Make the layer that folium declares; it loads nothing until `setAddress` and being added to a map. */
export function vectorTiles({ maxDataZoom, library }) {
  const worker = new Worker(new URL("./tile_worker.js", import.meta.url));
  worker.postMessage({ act: "start", library, maxDataZoom });
  return new VectorTiles(worker, { tileSize: SIDE, updateWhenZooming: false, keepBuffer: 1 });
}

const VectorTiles = L.GridLayer.extend({
  initialize(worker, options) {
    L.setOptions(this, options);
    this._worker = worker;
    this._addresses = new Map();
    this._waiting = new Map(); // of each tile that isn't let go: its canvas, and what to call once it is painted
    this._lastId = 0;
    worker.addEventListener("message", ({ data }) => (data.failed ? this.fire("tilesfailed") : this._show(data)));
    worker.addEventListener("error", () => this.fire("tilesfailed"));
    this.on("tileunload", ({ tile }) => {
      this._waiting.delete(tile.wanggeId);
      this._worker.postMessage({ act: "drop", id: tile.wanggeId });
    });
  },

  createTile(coords, done) {
    const canvas = L.DomUtil.create("canvas", "leaflet-tile");
    canvas.wanggeId = this._lastId += 1;
    this._waiting.set(canvas.wanggeId, { canvas, done });
    const { x, y, z } = coords;
    this._worker.postMessage({ act: "add", id: canvas.wanggeId, x, y, z, ratio: devicePixelRatio });
    return canvas;
  },

  /** Put a painted bitmap on its tile's canvas; the first time the tile is then ready. */
  _show({ id, bitmap }) {
    const tile = this._waiting.get(id);
    if (!tile) return bitmap.close();
    tile.canvas.width = bitmap.width;
    tile.canvas.height = bitmap.height;
    tile.canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
    tile.done?.(null, tile.canvas);
    tile.done = null;
  },
});

/** Point a source at other addresses: a new revision, another layer, or null for none. Returns whether it changed. */
export function setAddress(layer, source, url) {
  if (layer._addresses.get(source) === url) return false;
  layer._addresses.set(source, url);
  layer._worker.postMessage({ act: "setAddress", source, url: url && location.origin + url, groups: { ...shown } });
  return true;
}

/** Paint again, after a change of what is shown or of an address. */
export const repaint = (layer) => layer._worker.postMessage({ act: "repaint", groups: { ...shown } });
