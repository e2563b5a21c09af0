// The scale bar, in the page's words: Leaflet's own says "km" in every language.

import { distance } from "./format.js";

const ScaleBar = L.Control.Scale.extend({
  options: { imperial: false, position: "bottomleft" },

  _updateMetric(maxMetres) {
    const metres = this._getRoundNum(maxMetres);
    this._updateScale(this._mScale, distance(metres), metres / maxMetres);
  },
});

/** Put a scale bar into the map's corner. */
export const addScale = (map) => new ScaleBar().addTo(map);
