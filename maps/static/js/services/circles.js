// The nested circles of one place, and the words that say how they were made.

import { el } from "../dom.js";
import { day, number, t } from "../format.js";
import { circleOf } from "../station_drawing.js";

const FILL = 0.1; // three on top of each other: the nearest is the darkest

/** The circles on the map. */
export class CircleLayer {
  constructor(map) {
    this.group = L.featureGroup().addTo(map);
    this.canvas = L.canvas({ padding: 0.3 });
  }

  clear() {
    this.group.clearLayers();
  }

  /** Draw the features of a service-areas answer; gives their bounds. */
  show(features) {
    this.clear();
    for (const { geometry, properties } of [...features].reverse()) {
      this.group.addLayer(circleOf(null, { ...properties, geometry }, this.canvas, FILL));
    }
    return this.group.getBounds();
  }
}

/** Say how circles were made and how large they are. */
export function circleNote(features) {
  const { method, truncated, network_version: network, computed_at: computed, speed_kmh: speed, snap_m: snap } = features.at(-1).properties;
  const isAlongStreets = method === "network";
  const swatch = el("span", { class: `swatch ${isAlongStreets ? "line" : "dash"}`, "aria-hidden": "true" });
  swatch.style.setProperty("--ink", "#b3261e");
  const made = [network && t("circles.network", { network }), computed && t("circles.computed", { date: day(new Date(computed)) }), t("circles.speed", { speed: number(speed, 1) })];
  return el(
    "section",
    { class: "circle-facts", "aria-label": t("circles.title") },
    el("h2", {}, t("circles.title")),
    el("p", { class: "how" }, swatch, t(isAlongStreets ? "circles.along_streets" : "circles.straight")),
    el(
      "ul",
      {},
      ...features.map(({ properties: { minutes, area_m2: area } }) =>
        el("li", {}, t("circles.minutes", { minutes: number(minutes) }), el("span", {}, t("unit.ha", { value: number(area / 10000, 1) }))),
      ),
    ),
    el("small", {}, made.filter(Boolean).join(" · ")),
    isAlongStreets && snap > 30 ? el("small", {}, t("circles.snapped", { metres: number(snap) })) : null,
    truncated ? el("small", { class: "warn" }, t("station.circle_truncated")) : null,
  );
}
