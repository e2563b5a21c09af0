// Coverage on the map: units coloured by their share, blind spots with dashed outlines, and what the colours mean.

import { byId, el } from "../dom.js";
import { moment, number, t } from "../format.js";

// Red to blue tells apart for every kind of colour vision; the share stands on the map and in the table too.
const CLASSES = [
  { from: 0, colour: "#d7191c" },
  { from: 0.25, colour: "#fdae61" },
  { from: 0.5, colour: "#ffffbf" },
  { from: 0.75, colour: "#abd9e9" },
  { from: 0.9, colour: "#2c7bb6" },
];
const NOT_MEASURED = "#a8a8a8";
const BLIND = "#5b2a86";
const LABEL_PX = 46; // a share needs so much room

/** Give the colour of a share; grey where it isn't measured, none where nobody lives. */
export function colourOf(row, minutes) {
  const share = row[`share_${minutes}`];
  if (share === null) return row.households ? NOT_MEASURED : null;
  return CLASSES.findLast(({ from }) => share >= from).colour;
}

/** Give a share as text; a dash where there is none. */
export const percent = (share) => (share === null || share === undefined ? "–" : `${number(share * 100, 1)}%`);

/** The units and blind spots on the map; `onUnit(code)` and `onSpot(number)` are told of clicks. */
export class CoverageMap {
  constructor(map, { onUnit, onSpot }) {
    this.map = map;
    this.onUnit = onUnit;
    this.onSpot = onSpot;
    this.canvas = L.canvas({ padding: 0.3 });
    this.units = L.featureGroup().addTo(map);
    this.labels = L.layerGroup().addTo(map);
    this.spots = L.featureGroup().addTo(map);
    this.chosen = L.layerGroup().addTo(map);
    this.minutes = 15;
    map.on("moveend", () => this.label());
  }

  /** Draw units, coloured by their share within so many minutes. */
  showUnits(features, minutes) {
    this.minutes = minutes;
    this.units.clearLayers();
    this.chosen.clearLayers();
    this.shapes = new Map();
    for (const feature of features.filter(({ geometry }) => geometry)) {
      const colour = colourOf(feature.properties, minutes);
      const shape = L.geoJSON(feature.geometry, {
        renderer: this.canvas,
        style: { color: "#fff", weight: 1, fillColor: colour ?? "#fff", fillOpacity: colour ? 0.72 : 0.05, renderer: this.canvas },
        smoothFactor: 0.5,
      });
      shape.on("click", () => this.onUnit(feature.properties.code));
      this.shapes.set(feature.properties.code, { shape, row: feature.properties });
      this.units.addLayer(shape);
    }
    this.label();
  }

  /** Write each share where there is room for it. */
  label() {
    this.labels.clearLayers();
    const view = this.map.getBounds();
    for (const { shape, row } of this.shapes?.values() ?? []) {
      const share = row[`share_${this.minutes}`];
      const bounds = shape.getBounds();
      if (share === null || !view.intersects(bounds)) continue;
      const width = this.map.latLngToLayerPoint(bounds.getNorthEast()).x - this.map.latLngToLayerPoint(bounds.getSouthWest()).x;
      if (width < LABEL_PX) continue;
      const words = el("span", { class: "share-label" }, `${number(share * 100)}%`);
      const look = L.divIcon({ className: "share-box", html: words, iconSize: [40, 18] });
      this.labels.addLayer(L.marker(bounds.getCenter(), { icon: look, interactive: false, keyboard: false }));
    }
  }

  showSpots(features) {
    this.spots.clearLayers();
    for (const { geometry, properties } of features) {
      const { number: rank, lon, lat, households } = properties;
      const look = { color: BLIND, weight: 2, dashArray: "5 4", fillColor: BLIND, fillOpacity: 0.16 };
      const shape = L.geoJSON(geometry, { style: look });
      const pin = L.marker([lat, lon], {
        icon: L.divIcon({ className: "spot-box", html: el("span", { class: "spot" }, String(rank)), iconSize: [24, 24] }),
        title: t("coverage.spot", { number: rank, households: number(households) }),
        alt: t("coverage.spot", { number: rank, households: number(households) }),
      });
      for (const layer of [shape, pin]) this.spots.addLayer(layer.on("click", () => this.onSpot(rank)));
    }
  }

  clear() {
    this.showUnits([], this.minutes);
    this.clearSpots();
  }

  clearSpots() {
    this.spots.clearLayers();
  }

  fitAll() {
    const bounds = this.units.getBounds();
    if (bounds.isValid()) this.map.fitBounds(bounds, { padding: [16, 16] });
  }

  /** Show one unit from near, outlined. */
  zoomToUnit(code) {
    const found = this.shapes?.get(code);
    if (!found) return false;
    this.chosen.clearLayers();
    this.chosen.addLayer(L.geoJSON(found.shape.toGeoJSON(), { style: { color: "#23262b", weight: 3, fill: false }, interactive: false }));
    this.map.fitBounds(found.shape.getBounds(), { maxZoom: 17, padding: [30, 30] });
    return true;
  }

  zoomToSpot({ geometry }) {
    this.map.fitBounds(L.geoJSON(geometry).getBounds(), { maxZoom: 17, padding: [40, 40] });
  }
}

/** Write the legend: colours, how and when it was measured, and what grey means; `stations` says which of them are drawn. */
export function showLegend(head, minutes, stations) {
  const box = (colour, look = "") => {
    const made = el("span", { class: `class-box ${look}`, "aria-hidden": "true" });
    made.style.setProperty("--ink", colour);
    return made;
  };
  const upTo = (i) => (i + 1 < CLASSES.length ? CLASSES[i + 1].from * 100 : 100);
  const wasOpen = byId("legend").querySelector("details")?.open ?? !matchMedia("(max-width: 760px)").matches;
  const parts = [
    el("summary", {}, t("coverage.legend", { minutes: number(minutes) })),
    el(
      "ul",
      {},
      ...CLASSES.map(({ from, colour }, i) => el("li", {}, box(colour), `${from * 100}–${upTo(i)}%`)),
      el("li", {}, box(NOT_MEASURED), t("coverage.grey")),
      el("li", {}, box(BLIND, "dashed"), t("coverage.dashed")),
      el("li", {}, el("span", { class: `dot-kind ${head.kind ?? ""}`, "aria-hidden": "true" }), stations),
    ),
    el("p", {}, t("coverage.method", { speed: number(head.speed_kmh, 1) })),
    el("p", {}, t("coverage.measured", { date: moment(new Date(head.measured_at)), stations: number(head.stations) })),
  ];
  byId("legend").replaceChildren(el("details", { open: wasOpen }, ...parts));
  byId("legend").hidden = false;
}
