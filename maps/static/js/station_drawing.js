// How stations and their circles look, on every map.

import { el, icon } from "./dom.js";
import { t } from "./format.js";

export const CIRCLE = "#b3261e";
const TINT = "#fbeeeb";
export const SHAPES = {
  service_centre: "m12 3 2.6 5.6 6.1.7-4.500 4.200 1.200 6L12 16.500 6.600 19.500l1.200-6L3.300 9.300l6.100-.7z",
  tourism_station: "M6 3h2v18H6zM9 4h10l-3 4 3 4H9z",
  member_studio: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8Zm-7 16c0-4 3-6 7-6s7 2 7 6z",
  alliance_station: "M5 7h14v3H5zm0 5h14v3H5zm0 5h14v3H5z",
  property_station: "M12 4 3 11h2v9h5v-5h4v5h5v-9h2z",
  terminal: "M5 4h14v11H5zm5 12h4v3h3v2H7v-2h3z",
};

/** Give a station's place as Leaflet wants it. */
export const latLngOf = ({ geometry: { coordinates } }) => [coordinates[1], coordinates[0]];

/** Give the pin of a kind of station. */
export function stationIcon(kind, look = "") {
  return L.divIcon({ className: "station-box", html: stationPin(kind, look), iconSize: [26, 26] });
}

/** Give the same as an element, for a legend. */
export const stationPin = (kind, look = "") =>
  el("span", { class: `station ${kind} ${look}` }, icon(SHAPES[kind] ?? SHAPES.service_centre));

/** A circle's shape, or the disc that stands for one that is not known yet. */
export function circleOf(station, { geometry, method, radius_m: radius }, renderer, fillOpacity = 0) {
  const look = {
    renderer,
    color: CIRCLE,
    weight: method === "network" ? 1.6 : 1.2,
    opacity: 0.6,
    dashArray: method === "network" ? null : "6 5",
    fillColor: CIRCLE,
    fillOpacity,
    interactive: false,
  };
  return geometry ? L.geoJSON(geometry, { ...look, style: look, smoothFactor: 0.5 }) : L.circle(latLngOf(station), { radius, ...look });
}

/** Give a station's photo, which opens the large one; null where it has none. `size` is "url" or "small_url". */
export const stationPhoto = ({ name, photo }, size) =>
  photo &&
  el(
    "a",
    { class: "station-photo", href: photo.url, target: "_blank", title: t("station.photo_open") },
    el("img", { src: photo[size], alt: t("station.photo", { name }), width: photo.width_px, height: photo.height_px }),
  );

/** All that lies within any of the stations' circles: of each line only what is no other circle's inside is seen. */
export function unionOf(stations, renderer) {
  const part = (look) => stations.map((station) => circleOf(station, station.properties.circle, renderer, 0).setStyle(look));
  const lines = part({ weight: 3.2, opacity: 1 }); // the inner half is painted over
  const areas = part({ stroke: false, fillColor: TINT, fillOpacity: 1 });
  return L.layerGroup([...lines, ...areas]);
}
