// The map page: puts the modules together.

import { startAccount } from "./account.js";
import { get } from "./api.js";
import { addAttribution } from "./attribution.js";
import { boardPrinter } from "./boards.js";
import { byId, el, toast } from "./dom.js";
import { page, t } from "./format.js";
import { startIssues } from "./issues.js";
import { listLayers, offerTessellations, wireLayerCard } from "./layers.js";
import { placementCard } from "./placement.js";
import { reportForm } from "./report.js";
import { addScale } from "./scale.js";
import { wireSearch } from "./search.js";
import { isNarrow, setSheet, wireSheet } from "./sheet.js";
import { CIRCLES_FROM, STATIONS_FROM, startStations } from "./stations.js";
import { shown } from "./style.js";
import { isSignedIn } from "./session.js";
import { repaint, setAddress } from "./tiles.js";
import { readAddress, writeAddress } from "./view.js";

const REVISIONS_EVERY_S = 15;
const LOST_AGAIN_S = 4; // where the server didn't answer
const SLOW_MS = 700; // tiles that take longer are said to be on their way
const MAX_ACCURACY_M = 100_000; // the server takes no coarser fix
const CITY_ZOOM = { min: 10, max: 14 };

/** Start the page on the map and tile layer that folium declared. */
export function start({ map, tiles }) {
  let overview = page.map;
  let layer = overview.layers.find(({ bounds }) => bounds) ?? overview.layers[0] ?? null;
  let asked = null;
  const account = startAccount();

  openView(map, layer);
  addScale(map);
  addAttribution(map, overview.attributions);

  const useLayer = (chosen) => {
    layer = chosen;
    byId("city").textContent = layer?.city.name ?? "";
    const changed = [setAddress(tiles, "grids", layer?.tiles ?? null), setAddress(tiles, "base", overview.base_tiles)];
    if (changed.some(Boolean)) repaint(tiles);
    offerTessellations(overview.layers, layer, (other) => {
      useLayer(other);
      fitBounds(map, other.bounds);
    });
  };
  useLayer(layer);
  showTiles(map, tiles, () => followServer(true));
  byId("welcome").hidden = isSignedIn();
  byId("empty").hidden = overview.layers.some(({ bounds }) => bounds);
  byId("empty-refresh").addEventListener("click", () => location.reload());

  const pin = L.marker([0, 0], {
    icon: L.divIcon({ className: "pin", iconSize: [28, 36], iconAnchor: [14, 34] }),
    interactive: false,
    keyboard: false,
    zIndexOffset: 1000,
  });

  async function ask(at) {
    asked = { lon: Number(at.lon.toFixed(7)), lat: Number(at.lat.toFixed(7)), ...(at.accuracy_m ? { accuracy_m: at.accuracy_m } : {}) };
    const mine = asked;
    pin.setLatLng([asked.lat, asked.lon]).addTo(map);
    writeAddress(map, asked);
    const body = byId("place-body");
    byId("place").hidden = false;
    body.replaceChildren(el("p", { class: "waiting" }, el("span", { class: "spinner", "aria-hidden": "true" }), t("place.waiting")));
    setSheet("half");
    keepPinInSight(map, asked);
    try {
      const asking = get("/api/v1/locate", { ...asked, ...(layer && !layer.is_primary ? { layer: layer.code } : {}) });
      const [answer, me] = await Promise.all([asking, account]);
      if (mine !== asked) return;
      body.replaceChildren(placementCard(answer, asked, reportForm(asked, () => issues.refresh())), copyLink(), boardPrinter(answer, me, layer));
    } catch (error) {
      if (mine !== asked) return;
      body.replaceChildren(
        el("p", { class: "failed" }, t("place.failed", { reason: error.message })),
        el("button", { type: "button", class: "plain", onclick: () => ask(mine) }, t("map.retry")),
      );
    }
  }

  function forget() {
    asked = null;
    pin.remove();
    byId("place").hidden = true;
    setSheet("peek");
    writeAddress(map, null);
  }

  byId("place-close").addEventListener("click", () => {
    forget();
    map.getContainer().focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && asked && !(event.target instanceof HTMLInputElement)) forget();
  });
  map.on("click", ({ latlng }) => ask({ lon: L.Util.wrapNum(latlng.lng, [-180, 180], true), lat: latlng.lat }));
  map.getContainer().addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === map.getContainer()) ask({ lon: map.getCenter().lng, lat: map.getCenter().lat });
  });
  map.on("moveend", () => writeAddress(map, asked));

  const goTo = (lon, lat, zoom) => map.setView([lat, lon], Math.max(map.getZoom(), zoom), { animate: false });
  const issues = startIssues(map, (feature) => {
    const [lon, lat] = feature.geometry.coordinates;
    goTo(lon, lat, 16);
    ask({ lon, lat });
  });
  const stations = startStations(map);
  wireSearch((place) => {
    const [west, south, east, north] = place.bounds;
    if (west === east && south === north) goTo(place.lon, place.lat, 17);
    else fitBounds(map, place.bounds, 17);
    if (["coordinates", "grid", "micro_grid", "station"].includes(place.kind)) ask(place);
  });

  listLayers(map, { issues: isSignedIn() || null, stations: true, circles: false, stationsFrom: STATIONS_FROM, circlesFrom: CIRCLES_FROM }, (key, isOn) => {
    if (key === "issues") issues.setShown(isOn);
    else if (key === "stations" || key === "circles") stations.setShown(key, isOn);
    else {
      shown[key] = isOn;
      repaint(tiles);
    }
  }, (pace) => stations.setPace(pace));
  wireLayerCard(innerWidth >= 1500);
  wireSheet();
  wireButtons(map, ask);
  keepAddressOnLanguageSwitch();

  let next = 0;
  /** Ask for new revisions again and again; where the server doesn't answer say so, and paint anew once it does. */
  async function followServer(isDoubted = false) {
    clearTimeout(next);
    const lost = byId("lost");
    if (!document.hidden || isDoubted) {
      try {
        overview = await get("/api/v1/map");
        useLayer(overview.layers.find(({ id }) => id === layer?.id) ?? overview.layers.find(({ bounds }) => bounds) ?? null);
        if (!lost.hidden) {
          byId("tiles-failed").hidden = true;
          repaint(tiles);
        }
        lost.hidden = true;
      } catch {
        lost.hidden = false;
      }
    }
    clearTimeout(next);
    next = setTimeout(followServer, (lost.hidden ? REVISIONS_EVERY_S : LOST_AGAIN_S) * 1000);
  }
  next = setTimeout(followServer, REVISIONS_EVERY_S * 1000);

  const { at } = readAddress();
  if (at) ask(at);
}

function openView(map, layer) {
  const { view } = readAddress();
  if (view) map.setView([view.lat, view.lon], view.zoom);
  else if (layer?.bounds) fitBounds(map, layer.bounds);
}

function fitBounds(map, [west, south, east, north], maxZoom = CITY_ZOOM.max) {
  map.fitBounds([[south, west], [north, east]], { maxZoom, animate: false, padding: [24, 24] });
}

function showTiles(map, tiles, onFailure) {
  const failed = byId("tiles-failed");
  const slow = byId("tiles-slow");
  let waiting = 0;
  tiles.on("tilesfailed", () => {
    if (failed.hidden) onFailure();
    failed.hidden = false;
  });
  tiles.on("loading", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => (slow.hidden = false), SLOW_MS);
  });
  tiles.on("load", () => {
    clearTimeout(waiting);
    slow.hidden = true;
  });
  tiles.once("tileload", () => byId("loading").remove());
  byId("tiles-retry").addEventListener("click", () => {
    failed.hidden = true;
    repaint(tiles);
  });
  tiles.addTo(map);
}

/** On a phone the sheet covers the lower half: move the map so that the pin stands above it. */
function keepPinInSight(map, at) {
  if (!isNarrow()) return;
  const point = map.latLngToContainerPoint([at.lat, at.lon]);
  const limit = map.getSize().y * 0.42;
  if (point.y > limit) map.panBy([0, point.y - limit], { animate: false });
}

function copyLink() {
  const copy = () =>
    navigator.clipboard.writeText(location.href).then(
      () => toast(t("place.copied")),
      () => toast(location.href),
    );
  // The clipboard is only there on https and on this machine itself.
  return navigator.clipboard ? el("button", { type: "button", class: "plain wide", onclick: copy }, t("place.link")) : "";
}

function wireButtons(map, ask) {
  byId("zoom-in").addEventListener("click", () => map.zoomIn());
  byId("zoom-out").addEventListener("click", () => map.zoomOut());
  byId("locate-me").addEventListener("click", () => {
    if (!navigator.geolocation) return toast(t("map.gps_denied"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        map.setView([coords.latitude, coords.longitude], 17, { animate: false });
        ask({ lon: coords.longitude, lat: coords.latitude, accuracy_m: Math.min(coords.accuracy, MAX_ACCURACY_M) });
      },
      () => toast(t("map.gps_denied")),
      { enableHighAccuracy: true, timeout: 10000 },
    );
  });
}

function keepAddressOnLanguageSwitch() {
  for (const link of document.querySelectorAll(".languages a")) {
    link.addEventListener("click", () => (link.hash = location.hash));
  }
}
