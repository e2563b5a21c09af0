// The existing stations on a map of coverage, below what is written on it: dots, or they would hide what is coloured.

import { named } from "../format.js";
import { stationIcon } from "../station_drawing.js";

const PINS_FROM = 14;
const PANE = "stations"; // below the pane of shares, blind spots and whatever is chosen or tried

/** The stations' layer; `dress(pin, station)` gives a pin what it does, and near by it is no dot. Without it they are only looked at: clicks are the map's. */
export class CoverageStations {
  constructor(map, dress = null) {
    map.createPane(PANE).style.zIndex = 590;
    this.dress = dress;
    this.layer = L.layerGroup();
    const look = () => map.getContainer().classList.toggle("is-far", map.getZoom() < PINS_FROM);
    map.on("zoomend", look);
    look();
  }

  show(stations) {
    this.layer.clearLayers();
    for (const station of stations) this.layer.addLayer(this.pin(station));
  }

  pin(station) {
    const { name, kind, lon, lat } = station;
    const does = Boolean(this.dress);
    const words = `${named("station", kind)}: ${name}`;
    const pin = L.marker([lat, lon], { pane: PANE, icon: stationIcon(kind, does ? "" : "is-quiet"), title: does ? name : words, alt: words, riseOnHover: true, interactive: does, keyboard: does });
    this.dress?.(pin, station);
    return pin;
  }
}
