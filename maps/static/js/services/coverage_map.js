// Coverage on the map: units coloured by their share, blind spots with dashed outlines, and what the colours mean.

import { byId, el } from "../dom.js";
import { moment, named, number, t } from "../format.js";
import { covers, labelPoint, toDegrees, toWorld, worldOf } from "../geometry.js";
import { speedOf } from "../pace.js";
import { CIRCLE } from "../station_drawing.js";
import { FONT } from "../style.js";

// Red to teal: told apart with every kind of colour vision (CIE76 17 and more, simulated), and none is the colour of water.
// The share stands on the map and in the table too.
const CLASSES = [
  { from: 0, colour: "#b2182b" },
  { from: 0.25, colour: "#ee8445" },
  { from: 0.5, colour: "#fade7e" },
  { from: 0.75, colour: "#9dd8bf" },
  { from: 0.9, colour: "#41a697" },
];
const NOT_MEASURED = "#a8a8a8";
const BLIND = "#5b2a86";
const BORDER = "#4b5158";
const LABEL_PX = 46; // a share needs so much room
const LINE_PX = 17;
const SPOT_PX = 24;
const pen = document.createElement("canvas").getContext("2d");
pen.font = `600 12px ${FONT}`;
const DASHES_FROM = 15; // further out the outlines of blind spots would be nothing but dashes

/** Give the colour of a share; grey where it isn't measured, none where nobody lives. */
export function colourOf(row, minutes) {
  const share = row[`share_${minutes}`];
  if (share === null) return row.households ? NOT_MEASURED : null;
  return CLASSES.findLast(({ from }) => share >= from).colour;
}

/** Give a share as text, a dash where there is none; only nobody is 0% and only everybody is 100%. */
export function percent(share, digits = 1) {
  if (share === null || share === undefined) return "–";
  if (share === 0 || share === 1) return `${share * 100}%`;
  const least = 10 ** -digits;
  return `${number(Math.min(Math.max(share * 100, least), 100 - least), digits, digits)}%`;
}

/** The units and blind spots on the map; `onUnit(code)` and `onSpot(number)` are told of clicks. */
export class CoverageMap {
  constructor(map, { onUnit, onSpot }) {
    this.map = map;
    this.onUnit = onUnit;
    this.onSpot = onSpot;
    map.createPane("units");
    this.canvas = L.canvas({ padding: 0.3, pane: "units" });
    this.units = L.featureGroup().addTo(map);
    this.labels = L.layerGroup().addTo(map);
    this.spots = L.featureGroup().addTo(map);
    this.chosen = L.layerGroup().addTo(map);
    this.spotPlaces = [];
    map.on("moveend", () => this.label());
    map.on("zoomend", () => this.dashSpots());
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
        style: { color: BORDER, weight: 1, opacity: 0.55, fillColor: colour ?? "#fff", fillOpacity: colour ? 0.85 : 0.05, renderer: this.canvas },
        smoothFactor: 0.5,
      });
      shape.on("click", () => this.onUnit(feature.properties.code));
      const polygons = worldOf(feature.geometry);
      this.shapes.set(feature.properties.code, { shape, polygons, middle: middleOf(polygons), row: feature.properties });
      this.units.addLayer(shape);
    }
    this.label();
  }

  /** Write each unit's name and share where there is room for both, else its share: those with most households first. */
  label() {
    this.labels.clearLayers();
    const view = this.map.getBounds();
    const taken = this.spotPlaces.map((place) => boxAround(this.map.latLngToLayerPoint(place), [SPOT_PX, SPOT_PX]));
    const units = [...(this.shapes?.values() ?? [])].sort((one, other) => other.row.households - one.row.households);
    for (const unit of units.filter(({ shape }) => view.intersects(shape.getBounds()))) {
      const { row } = unit;
      const share = row[`share_${this.minutes}`];
      const words = [[row.name, "unit-name"], ...(share === null ? [] : [[percent(share, 0), "share-label"]])];
      const label = this.roomFor(words, unit, taken);
      if (!label) continue;
      taken.push(label.box);
      const html = el("div", {}, ...label.lines.map(([text, look]) => el("span", { class: look }, text)));
      const icon = L.divIcon({ className: "share-box", html, iconSize: label.size });
      this.labels.addLayer(L.marker(this.map.layerPointToLatLng(label.at), { icon, interactive: false, keyboard: false }));
    }
  }

  /** Find where all lines, or the last of them, hide nothing that is taken: well inside a unit, else above or below there. */
  roomFor(words, { shape, polygons, middle }, taken) {
    const bounds = shape.getBounds();
    const [west, east] = [bounds.getSouthWest(), bounds.getNorthEast()].map((corner) => this.map.latLngToLayerPoint(corner).x);
    if (east - west < LABEL_PX) return null;
    for (let lines = words; lines.length; lines = lines.slice(1)) {
      const size = [Math.max(...lines.map(([text]) => pen.measureText(text).width)) + 10, lines.length * LINE_PX];
      for (const step of [0, 1, -1]) {
        const at = this.map.latLngToLayerPoint(middle).add([0, (step * (SPOT_PX + size[1])) / 2 + step]);
        const { lng, lat } = this.map.layerPointToLatLng(at);
        const box = boxAround(at, size);
        if (covers(polygons, toWorld(lng, lat)) && !taken.some((other) => other.intersects(box))) return { lines, size, at, box };
      }
    }
    return null;
  }

  showSpots(features) {
    this.spots.clearLayers();
    this.spotPlaces = features.map(({ properties: { lat, lon } }) => [lat, lon]);
    this.label();
    for (const { geometry, properties } of features) {
      const { number: rank, lon, lat, households } = properties;
      const shape = L.geoJSON(geometry);
      const pin = L.marker([lat, lon], {
        icon: L.divIcon({ className: "spot-box", html: el("span", { class: "spot" }, String(rank)), iconSize: [SPOT_PX, SPOT_PX] }),
        zIndexOffset: 1000 - rank, // the largest on top
        title: t("coverage.spot", { number: rank, households: number(households) }),
        alt: t("coverage.spot", { number: rank, households: number(households) }),
      });
      for (const layer of [shape, pin]) this.spots.addLayer(layer.on("click", () => this.onSpot(rank)));
    }
    this.dashSpots();
  }

  /** Outline blind spots with dashes where there is room for them. */
  dashSpots() {
    const isNear = this.map.getZoom() >= DASHES_FROM;
    this.spots.setStyle({ color: BLIND, weight: 2, dashArray: "5 4", stroke: isNear, fillColor: BLIND, fillOpacity: isNear ? 0.16 : 0.4 });
  }

  clear() {
    this.showUnits([], this.minutes);
    this.clearSpots();
  }

  clearSpots() {
    this.showSpots([]);
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

const middleOf = (polygons) => toDegrees(labelPoint(polygons)).reverse();

function boxAround(at, size) {
  const half = L.point(size).divideBy(2);
  return L.bounds(at.subtract(half), at.add(half));
}

/** Say which stations were counted. */
export const counted = ({ kind, level }) =>
  t("coverage.counted", { stations: [kind ? named("station", kind) : t("coverage.all_kinds"), level ? named("station_level", level) : t("coverage.all_levels")].join(" · ") });

/** Write the legend: colours, how and when it was measured, and what grey means; `drawn` are words for stations, blind spots and tried circles, null where there are none. */
export function showLegend(head, minutes, { stations, spots = null, circles = null }) {
  const box = (colour, look = "") => {
    const made = el("span", { class: `class-box ${look}`, "aria-hidden": "true" });
    made.style.setProperty("--ink", colour);
    return made;
  };
  const line = (colour) => {
    const made = el("span", { class: "swatch line", "aria-hidden": "true" });
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
      spots && el("li", {}, box(BLIND, "dashed"), spots),
      circles && el("li", {}, line(CIRCLE), circles),
      stations && el("li", {}, el("span", { class: "dot-station", "aria-hidden": "true" }), stations),
    ),
    el("p", {}, t("coverage.method", { speed: speedOf(head) })),
    head.kind || head.level ? el("p", {}, counted(head)) : null,
    el("p", {}, t("coverage.measured", { date: moment(new Date(head.measured_at)), stations: number(head.stations) })),
  ];
  byId("legend").replaceChildren(el("details", { open: wasOpen }, ...parts));
  byId("legend").hidden = false;
}
