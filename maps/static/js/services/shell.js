// What the pages of stations and coverage share: the base map, its corner, and who is looking.

import { startAccount } from "../account.js";
import { addAttribution } from "../attribution.js";
import { byId } from "../dom.js";
import { page } from "../format.js";
import { addScale } from "../scale.js";
import { shown } from "../style.js";
import { setAddress } from "../tiles.js";
import { readAddress, writeAddress } from "../view.js";
import { keepForPrinting } from "./printing.js";

/** Put base map and buttons on the map that folium declared; gives who is signed in, null for the public. `shownStation()` is kept in the address. */
export async function startShell({ map, tiles }, shownStation = () => null) {
  const layer = page.map.layers.find(({ bounds }) => bounds) ?? null;
  map.on("moveend", () => writeAddress(map, null, shownStation()));
  openView(map, layer);
  addScale(map);
  keepForPrinting(map);
  addAttribution(map, page.map.attributions);
  byId("zoom-in").addEventListener("click", () => map.zoomIn());
  byId("zoom-out").addEventListener("click", () => map.zoomOut());
  for (const link of document.querySelectorAll(".languages a, .service-pages a")) {
    link.addEventListener("click", () => (link.hash = location.hash));
  }
  shown.micro_grids = false;
  setAddress(tiles, "base", page.map.base_tiles);
  setAddress(tiles, "grids", layer?.tiles ?? null);
  tiles.once("load", () => byId("loading").remove());
  tiles.addTo(map);
  return startAccount();
}

function openView(map, layer) {
  const { view } = readAddress();
  if (view) return map.setView([view.lat, view.lon], view.zoom);
  if (!layer) return;
  const [west, south, east, north] = layer.bounds;
  const bounds = L.latLngBounds([south, west], [north, east]);
  map.setView(bounds.getCenter(), Math.max(map.getBoundsZoom(bounds), 14));
}
