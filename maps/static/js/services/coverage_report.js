// The report of coverage: what the page of coverage shows, drawn from what the file itself holds.

import { addAttribution } from "../attribution.js";
import { byId, el } from "../dom.js";
import { moment, named, number, page, t } from "../format.js";
import { speedOf } from "../pace.js";
import { addScale } from "../scale.js";
import { circleOf, unionOf } from "../station_drawing.js";
import { INK } from "../style.js";
import { CoverageMap, counted, showLegend } from "./coverage_map.js";
import { UnitTable, roomList, spotList, totalsOf } from "./coverage_lists.js";
import { CoverageStations } from "./coverage_stations.js";
import { keepForPrinting } from "./printing.js";

const COMMUNITY_NAMES_FROM = 14;
const UNITS = ["grid", "community", "street", "district"];
const STREETS = { path: [INK.street, 0.6], lane: [INK.street, 1], street: [INK.street, 1.6], rail: [INK.rail, 1], arterial: [INK.arterialEdge, 2.4], motorway: [INK.motorwayEdge, 3] };

/** Start the report on the map that folium declared. */
export function start(map) {
  new CoverageReport(map, page.content).start();
}

class CoverageReport {
  constructor(map, content) {
    this.map = map;
    this.content = content;
    this.by = content.shapes.grid.some(Boolean) ? "grid" : "street";
    this.minutes = content.head.minutes.at(-1);
    this.features = Object.fromEntries(UNITS.map((by) => [by, content.tables[by].map((properties, i) => ({ geometry: areaOf(content.shapes[by][i]), properties }))]));
    this.spots = content.spots.map(({ shape, ...properties }) => ({ geometry: areaOf(shape), properties }));
    drawBase(map, content.base);
    this.coverage = new CoverageMap(map, { onUnit: (code) => this.chooseUnit(this.by, code), onSpot: (rank) => this.chooseSpot(rank) });
    this.canvas = L.canvas({ padding: 0.3 });
    map.createPane("circles");
    const drawn = content.stations.filter(({ circle }) => circle);
    this.circles = unionOf(drawn.map(({ circle: { shape, method } }) => ({ properties: { circle: { geometry: areaOf(shape), method } } })), L.canvas({ padding: 0.3, pane: "circles" }));
    this.names = new PlaceNames(map, this.features);
    this.chosen = L.layerGroup().addTo(map);
    this.stations = new CoverageStations(map, (pin, station) => this.dress(pin, station));
    this.stations.show(content.stations);
    this.tables = Object.fromEntries(Object.keys(content.tables).map((by) => [by, new UnitTable((code) => this.chooseUnit(by, code))]));
  }

  start() {
    const { bounds: [west, south, east, north], attributions } = this.content;
    addScale(this.map);
    keepForPrinting(this.map);
    addAttribution(this.map, attributions);
    byId("zoom-in").addEventListener("click", () => this.map.zoomIn());
    byId("zoom-out").addEventListener("click", () => this.map.zoomOut());
    this.map.fitBounds([[south, west], [north, east]]);
    byId("service-body").replaceChildren(this.about(), this.choices(), this.switches(), totalsOf(this.content.total, this.content.head.minutes), ...this.parts());
    this.show();
  }

  about() {
    const { head, limited_to: limited } = this.content;
    return el(
      "div",
      { class: "about" },
      limited ? el("p", { class: "limited" }, t("coverage_report.limited", { divisions: limited.join(t("account.and")) })) : null,
      el("p", {}, t("coverage.measured", { date: moment(new Date(head.measured_at)), stations: number(head.stations) })),
      el("p", {}, t("coverage.method", { speed: speedOf(head) })),
      el("p", {}, counted(head)),
      el("p", {}, t("coverage_report.networks", { networks: head.networks.join(t("account.and")) })),
      head.attribution ? el("p", {}, head.attribution) : null,
    );
  }

  choices() {
    const choice = (id, label, values, words, current, set) => {
      const select = el("select", { id }, ...values.map((value) => el("option", { value, selected: value === current }, words(value))));
      select.addEventListener("change", () => set(select.value));
      return el("div", {}, el("label", { for: id }, label), select);
    };
    return el(
      "div",
      { class: "coverage-filters" },
      choice("by", t("coverage.by"), UNITS, (unit) => t(`coverage_by.${unit}`), this.by, (by) => this.setUnit(by)),
      choice("minutes", t("coverage.minutes_choice"), this.content.head.minutes, (minutes) => t("circles.minutes", { minutes }), this.minutes, (minutes) => {
        this.minutes = Number(minutes);
        this.show();
      }),
    );
  }

  switches() {
    const layers = [["stations", this.stations.layer, true], ["circles", this.circles, false], ["spots", this.coverage.spots, true]];
    return el(
      "div",
      { class: "shown" },
      ...layers.map(([key, layer, isOn]) => {
        const box = el("input", { type: "checkbox", checked: isOn, "data-layer": key, onchange: () => this.setShown(layer, box.checked) });
        box.dispatchEvent(new Event("change"));
        return el("label", {}, box, t(`coverage_report.${key}`, { minutes: this.content.head.minutes.at(-1) }));
      }),
    );
  }

  setShown(layer, isOn) {
    if (isOn) layer.addTo(this.map);
    else layer.remove();
    this.writeLegend();
  }

  parts() {
    const { head, rooms, total } = this.content;
    const part = (title, isOpen, ...inside) => el("details", { class: "part", open: isOpen }, el("summary", {}, title), ...inside);
    const tables = Object.entries(this.tables).map(([by, table]) => part(t(`coverage_report_by.${by}`), by === "street", table.box));
    const households = this.spots.reduce((sum, { properties }) => sum + properties.households, 0);
    const told = this.spots.length ? t("coverage.spots_count", { count: number(this.spots.length), households: number(households), minutes: head.minutes.at(-1) }) : t("coverage.spots_none", { minutes: head.minutes.at(-1) });
    return [
      ...tables,
      part(t("coverage_tab.spots"), false, el("p", { class: "count" }, told), spotList(this.spots, (rank) => this.chooseSpot(rank))),
      part(t("coverage_tab.rooms"), false, el("div", { class: "inside" }, roomList(rooms, ({ lon, lat }) => this.map.setView([lat, lon], 17)))),
      part(t("coverage_report.method"), false, el("p", { class: "about" }, t("coverage_report.method_note", { buildings: number(total.buildings) })), el("p", { class: "about" }, t("coverage_report.circles_note"), this.leftOut())),
    ];
  }

  /** What is said where not every station has its circle. */
  leftOut() {
    const { stations, has_all_circles: isAll } = this.content;
    const drawn = stations.filter(({ circle }) => circle).length;
    return isAll ? "" : ` ${t("coverage_report.circles_left_out", { drawn: number(drawn), count: number(stations.length) })}`;
  }

  show() {
    this.coverage.showUnits(this.features[this.by], this.minutes);
    this.names.leaveOut(this.by);
    this.coverage.showSpots(this.spots);
    for (const [by, table] of Object.entries(this.tables)) table.show(this.content.tables[by], this.content.head.minutes, this.minutes);
    this.writeLegend();
  }

  writeLegend() {
    const { head, stations, has_all_stations: isAll } = this.content;
    const has = (layer) => this.map.hasLayer(layer);
    showLegend(head, this.minutes, {
      stations: has(this.stations.layer) && t(isAll ? "coverage.dots" : "coverage_report.dots_cut", { count: number(stations.length) }),
      spots: has(this.coverage.spots) && t("coverage.dashed"),
      circles: has(this.circles) && t("coverage_report.circles", { minutes: head.minutes.at(-1) }),
    });
  }

  setUnit(by) {
    this.by = byId("by").value = by;
    this.show();
  }

  chooseUnit(by, code) {
    if (!UNITS.includes(by)) return;
    if (by !== this.by) this.setUnit(by);
    this.coverage.zoomToUnit(code);
    this.tables[by].mark(code);
  }

  chooseSpot(rank) {
    this.coverage.zoomToSpot(this.spots.find(({ properties }) => properties.number === rank));
    for (const row of document.querySelectorAll("[data-spot]")) row.classList.toggle("is-chosen", row.dataset.spot === String(rank));
  }

  circleOf({ circle: { shape, method } }, fillOpacity) {
    return circleOf(null, { geometry: areaOf(shape), method }, this.canvas, fillOpacity);
  }

  dress(pin, station) {
    pin.bindPopup(() => this.card(station), { minWidth: 200, maxWidth: 280 });
    pin.on("popupopen", () => station.circle && this.chosen.addLayer(this.circleOf(station, 0.08))).on("popupclose", () => this.chosen.clearLayers());
  }

  card({ code, name, kind, level, division_name: division, address, circle }) {
    const { head } = this.content;
    const made = { network: "station.circle_network", buffer: "station.circle" }[circle?.method] ?? "coverage_report.circle_left_out";
    return el(
      "article",
      { class: "station-card" },
      el("h3", {}, name),
      el("p", { class: "kind" }, [named("station", kind), level && named("station_level", level), division].filter(Boolean).join(" · ")),
      el("p", {}, code),
      address ? el("p", {}, address) : null,
      el("p", { class: "circle-note" }, t(made, { minutes: head.minutes.at(-1), speed: speedOf(head) })),
      circle?.truncated ? el("p", { class: "circle-note" }, t("station.circle_truncated")) : null,
    );
  }
}

/** The names of streets and, from near by, of communities: the file has no other map below the colours. */
class PlaceNames {
  constructor(map, { street, community }) {
    this.map = map;
    map.createPane("names").style.zIndex = 360;
    this.layers = { street: this.layer(street), community: this.layer(community) };
    map.on("zoomend", () => this.choose());
  }

  /** Leave out the names of the units that are coloured: these stand beside their shares. */
  leaveOut(level) {
    this.left = level;
    this.choose();
  }

  choose() {
    const level = this.map.getZoom() >= COMMUNITY_NAMES_FROM ? "community" : "street";
    for (const [one, layer] of Object.entries(this.layers)) {
      if (one === level && one !== this.left) layer.addTo(this.map);
      else layer.remove();
    }
  }

  layer(features) {
    const drawn = features.filter(({ geometry }) => geometry);
    return L.layerGroup(drawn.map(({ geometry, properties: { name } }) => {
      const icon = L.divIcon({ className: "place-name-box", html: el("span", { class: "place-name" }, name), iconSize: [120, 18], iconAnchor: [60, -6] });
      return L.marker(L.geoJSON(geometry).getBounds().getCenter(), { icon, pane: "names", interactive: false, keyboard: false });
    }));
  }
}

/** Draw water and streets below everything else. */
function drawBase(map, { water, streets }) {
  map.createPane("base").style.zIndex = 200;
  const renderer = L.canvas({ pane: "base", padding: 0.3 });
  const look = { renderer, pane: "base", interactive: false };
  for (const shape of water) L.geoJSON(areaOf(shape), { ...look, style: { ...look, stroke: false, fillColor: INK.water, fillOpacity: 1 } }).addTo(map);
  const drawn = Object.entries(streets).reverse().map(([kind, lines]) => {
    const [color, width] = STREETS[kind];
    return { width, line: L.polyline(lines.map((line) => unpacked(line).map(([lon, lat]) => [lat, lon])), { ...look, color, smoothFactor: 1.5 }).addTo(map) };
  });
  const widen = () => drawn.forEach(({ width, line }) => line.setStyle({ weight: width * Math.max(0.6, 2 ** ((map.getZoom() - 14) / 1.7)) }));
  map.on("zoomend", widen);
  widen();
}

/** Give a packed area as GeoJSON, null where there is none. */
function areaOf(packed) {
  if (!packed) return null;
  return { type: "MultiPolygon", coordinates: packed.map((rings) => rings.map((ring) => unpacked(ring)).map((ring) => [...ring, ring[0]])) };
}

/** Give a packed line as [lon, lat] points. */
function unpacked(line) {
  const points = [];
  let [lon, lat] = [0, 0];
  for (let i = 0; i < line.length; i += 2) {
    lon += line[i];
    lat += line[i + 1];
    points.push([lon / page.content.scale, lat / page.content.scale]);
  }
  return points;
}
