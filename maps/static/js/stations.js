// Stations and their circles. One along streets is drawn solid, a straight-line estimate dashed.

import { get } from "./api.js";
import { el } from "./dom.js";
import { named, t } from "./format.js";
import { speedOf } from "./pace.js";
import { isNarrow } from "./sheet.js";
import { circleOf, latLngOf, stationIcon, stationPhoto, unionOf } from "./station_drawing.js";
import { bboxOf } from "./view.js";

export const STATIONS_FROM = 13;
export const CIRCLES_FROM = 13;
const ALL_FROM = 15; // further out only the higher levels' centres, or icons would hide the map
const LIMIT = 200;

/** Start drawing the stations in view. */
export function startStations(map) {
  const on = { stations: true, circles: false };
  const markers = L.layerGroup().addTo(map);
  const circles = L.layerGroup().addTo(map);
  const chosen = L.layerGroup().addTo(map);
  const canvas = L.canvas({ padding: 0.3 });
  map.createPane("circles");
  const wide = L.canvas({ padding: 0.3, pane: "circles" });
  const drawn = new Map(); // markers by station
  let underway = null;
  let choice = null;
  let pace = "adult";
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
      last = (await get("/api/v1/stations", { bbox: bboxOf(map), limit: LIMIT, circles: on.circles, pace }, mine.signal)).features;
      draw();
    } catch (error) {
      if (error.name !== "AbortError") console.warn(error.message);
    }
  }

  function draw() {
    circles.clearLayers();
    const isNear = map.getZoom() >= ALL_FROM;
    map.getContainer().classList.toggle("far", !isNear);
    const seen = last.filter(({ properties: { level } }) => isNear || ["city", "district", "street"].includes(level));
    drawMarkers(on.stations ? seen : []);
    if (!on.circles) return;
    circles.addLayer(unionOf(seen.filter(({ properties }) => properties.kind === "service_centre"), wide));
  }

  /** Keep the markers that stay: opening a card moves the map, and a new marker would close it again. */
  function drawMarkers(stations) {
    const wanted = new Set(stations.map(({ id }) => id));
    for (const [id, marker] of drawn) {
      if (wanted.has(id)) continue;
      markers.removeLayer(marker);
      drawn.delete(id);
    }
    for (const station of stations) {
      if (drawn.has(station.id)) continue;
      drawn.set(station.id, markerOf(station, choose));
      markers.addLayer(drawn.get(station.id));
    }
  }

  /** Draw the circles of a station that was clicked, whether all of them are shown or not, and say how they were made. */
  async function choose(station, popup, note) {
    const mine = (choice = { station, popup, note });
    chosen.clearLayers();
    circles.remove(); // the others' would cross it everywhere
    try {
      const { features } = await get(`/api/v1/stations/${station.id}/service-areas`, { pace });
      if (mine !== choice) return;
      for (const { geometry, properties } of features) chosen.addLayer(circleOf(station, { ...properties, geometry }, canvas, 0.05));
      const minutes = features.map(({ properties }) => properties.minutes).join(" / ");
      const { method, truncated, ...made } = features.at(-1).properties;
      note.textContent = t(method === "network" ? "station.circle_network" : "station.circle", { minutes, speed: speedOf(made) });
      if (truncated) note.append(el("br"), t("station.circle_truncated"));
    } catch (error) {
      note.textContent = t("station.circle_failed", { reason: error.message });
    }
    if (mine === choice) popup.update(); // the card has grown: move the map again if that put its top out of sight
  }

  map.on("popupclose", () => {
    choice = null;
    chosen.clearLayers();
    circles.addTo(map);
  });

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
    setPace: (wanted) => {
      pace = wanted;
      refresh();
      if (choice) choose(choice.station, choice.popup, choice.note);
    },
  };
}

function markerOf(station, onChoose) {
  const { properties } = station;
  const marker = L.marker(latLngOf(station), {
    icon: stationIcon(properties.kind),
    title: properties.name,
    alt: `${named("station", properties.kind)}: ${properties.name}`,
    riseOnHover: true,
  });
  const note = el("p", { class: "circle-note", role: "status" });
  let made = null;
  marker.bindPopup(() => (made ??= card(station, note)), {
    minWidth: 220,
    maxWidth: 300,
    autoPanPaddingTopLeft: [12, 64], // clear of what stands on the map, above it and on a phone below
    autoPanPaddingBottomRight: isNarrow() ? [12, 170] : [80, 12],
  });
  // Not its click: a key opens it, too.
  return marker.on("popupopen", ({ popup }) => {
    popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", t("place.close"));
    onChoose(station, popup, note);
  });
}

function card(station, note) {
  const { properties } = station;
  return el(
    "article",
    { class: "station-card" },
    el("h3", {}, properties.name),
    stationPhoto(properties, "small_url"),
    el("p", { class: "kind" }, [named("station", properties.kind), properties.division_name].join(" · ")),
    properties.address ? el("p", {}, `${t("station.address")}：${properties.address}`) : null,
    properties.hours ? el("p", {}, `${t("station.hours")}：${properties.hours}`) : null,
    note,
    el("a", { href: `/stations#station=${station.id}` }, t("station.all")),
  );
}
