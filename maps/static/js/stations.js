// Stations and their circles. A circle here is a buffer, drawn dashed: it is not what can be reached along streets.

import { get } from "./api.js";
import { el, icon } from "./dom.js";
import { named, number, t } from "./format.js";
import { bboxOf } from "./view.js";

export const STATIONS_FROM = 13;
export const CIRCLES_FROM = 13;
const ALL_FROM = 15; // further out only the higher levels' centres, or icons would hide the map
const LIMIT = 200;
const COLOUR = "#b3261e";
const SHAPES = {
  service_centre: "m12 3 2.6 5.6 6.1.7-4.500 4.200 1.200 6L12 16.500 6.600 19.500l1.200-6L3.300 9.300l6.100-.7z",
  tourism_station: "M6 3h2v18H6zM9 4h10l-3 4 3 4H9z",
  member_studio: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8Zm-7 16c0-4 3-6 7-6s7 2 7 6z",
  alliance_station: "M5 7h14v3H5zm0 5h14v3H5zm0 5h14v3H5z",
  property_station: "M12 4 3 11h2v9h5v-5h4v5h5v-9h2z",
  terminal: "M5 4h14v11H5zm5 12h4v3h3v2H7v-2h3z",
};

/** Start drawing the stations in view. */
export function startStations(map) {
  const on = { stations: true, circles: false };
  const markers = L.layerGroup().addTo(map);
  const circles = L.layerGroup().addTo(map);
  const chosen = L.layerGroup().addTo(map);
  const canvas = L.canvas({ padding: 0.3 });
  let underway = null;
  let last = [];

  async function refresh() {
    underway?.abort();
    if (map.getZoom() < STATIONS_FROM || (!on.stations && !on.circles)) {
      last = [];
      draw();
      return;
    }
    const mine = (underway = new AbortController());
    try {
      last = (await get("/api/v1/stations", { bbox: bboxOf(map), limit: LIMIT }, mine.signal)).features;
      draw();
    } catch (error) {
      if (error.name !== "AbortError") console.warn(error.message);
    }
  }

  function draw() {
    markers.clearLayers();
    circles.clearLayers();
    const isNear = map.getZoom() >= ALL_FROM;
    const seen = last.filter(({ properties: { level } }) => isNear || ["city", "district", "street"].includes(level));
    if (on.stations) for (const station of seen) markers.addLayer(markerOf(station, choose));
    if (!on.circles) return;
    for (const station of seen.filter(({ properties }) => properties.kind === "service_centre")) {
      circles.addLayer(circleOf(station, canvas, 0));
    }
  }

  /** The circle of a station that was clicked, whether all of them are shown or not. */
  function choose(station) {
    chosen.clearLayers();
    chosen.addLayer(circleOf(station, canvas, 0.06));
  }

  let moving = 0;
  map.on("moveend", () => {
    clearTimeout(moving);
    moving = setTimeout(refresh, 200);
  });
  refresh();
  return {
    setShown: (key, isShown) => {
      on[key] = isShown;
      refresh();
    },
  };
}

const latLngOf = ({ geometry: { coordinates } }) => [coordinates[1], coordinates[0]];

function markerOf(station, onChoose) {
  const { properties } = station;
  const pin = el("span", { class: `station ${properties.kind}` }, icon(SHAPES[properties.kind] ?? SHAPES.service_centre));
  const marker = L.marker(latLngOf(station), {
    icon: L.divIcon({ className: "station-box", html: pin, iconSize: [26, 26] }),
    title: properties.name,
    alt: `${named("station", properties.kind)}: ${properties.name}`,
    riseOnHover: true,
  });
  marker.on("click", () => onChoose(station));
  return marker.bindPopup(() => card(properties), { minWidth: 220, maxWidth: 300, closeButton: true });
}

function card(properties) {
  const { circle } = properties;
  return el(
    "article",
    { class: "station-card" },
    el("h3", {}, properties.name),
    el("p", { class: "kind" }, [named("station", properties.kind), properties.division_name].join(" · ")),
    properties.address ? el("p", {}, `${t("station.address")}：${properties.address}`) : null,
    properties.hours ? el("p", {}, `${t("station.hours")}：${properties.hours}`) : null,
    el("p", { class: "circle-note" }, t("station.circle", { minutes: circle.minutes, radius: number(circle.radius_m) })),
  );
}

const circleOf = (station, renderer, fillOpacity) =>
  L.circle(latLngOf(station), {
    radius: station.properties.circle.radius_m,
    renderer,
    color: COLOUR,
    weight: 1.2,
    opacity: 0.55,
    dashArray: "6 5",
    fillColor: COLOUR,
    fillOpacity,
    interactive: false,
  });
