// Issues in view: canvas points on the map, and the same as a list beside it for keyboard and screen reader.

import { get } from "./api.js";
import { byId, el } from "./dom.js";
import { ago, moment, named, t } from "./format.js";
import { isSignedIn } from "./session.js";
import { bboxOf } from "./view.js";

const EVERY_S = 5;
const LIMIT = 300;
const LISTED = 60;
export const COLOURS = { open: "#d9480f", assigned: "#c98a00", in_progress: "#1c7ed6", solved: "#2b8a3e", closed: "#868e96" };

/** Start drawing and listing the issues in view; `onChoose(feature)` is told of a chosen one. */
export function startIssues(map, onChoose) {
  const points = L.layerGroup([], { pane: "markerPane" }).addTo(map);
  const canvas = L.canvas({ pane: "markerPane", padding: 0.2, tolerance: 8 });
  const drawn = new Map();
  let known = null;
  let underway = null;
  let isOpen = true;

  async function refresh() {
    if (document.hidden || !isOpen) return;
    if (!isSignedIn()) return close();
    underway?.abort();
    const mine = (underway = new AbortController());
    try {
      const found = await get("/api/v1/issues", { bbox: bboxOf(map), limit: LIMIT }, mine.signal);
      if (mine !== underway) return;
      draw(found.features);
      list(found);
      announce(found.features);
      byId("issues-live").textContent = t("issues.live", { seconds: EVERY_S });
      byId("issues-live").classList.remove("stale");
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.status === 401) return close();
      if (error.status === 403) return close("issues.not_yours");
      byId("issues-live").textContent = t("issues.stale");
      byId("issues-live").classList.add("stale");
    }
  }

  /** Issues are for staff: say so, and ask no more. */
  function close(why = "issues.staff_only") {
    clearInterval(timer);
    isOpen = false;
    byId("issues-live").textContent = "";
    points.clearLayers();
    byId("issue-list").replaceChildren();
    byId("issues-hint").textContent = t(why);
  }

  /** Closed ones are only listed: on the map they would hide those that somebody must act on. */
  function draw(features) {
    const size = sizeAt(map.getZoom());
    const acted = features.filter(({ properties }) => properties.state !== "closed");
    const wanted = new Map(acted.map((feature) => [`${feature.id}:${feature.properties.state}:${size}`, feature]));
    for (const [key, marker] of drawn) {
      if (wanted.has(key)) continue;
      points.removeLayer(marker);
      drawn.delete(key);
    }
    for (const [key, feature] of wanted) {
      if (drawn.has(key)) continue;
      const [lon, lat] = feature.geometry.coordinates;
      const marker = L.circleMarker([lat, lon], {
        renderer: canvas,
        radius: size,
        weight: size / 3,
        color: "#ffffff",
        fillColor: COLOURS[feature.properties.state] ?? COLOURS.open,
        fillOpacity: 1,
        bubblingMouseEvents: false,
      });
      marker.on("click", () => onChoose(feature));
      points.addLayer(marker);
      drawn.set(key, marker);
    }
  }

  function list({ features, is_complete: isComplete }) {
    const rows = features.slice(0, LISTED).map((feature) => issueRow(feature, onChoose));
    const list = byId("issue-list");
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.issue : null;
    list.replaceChildren(...rows);
    if (focused) list.querySelector(`[data-issue="${CSS.escape(focused)}"]`)?.focus();
    byId("issues-hint").textContent = !features.length
      ? t("issues.none")
      : isComplete && features.length <= LISTED
        ? ""
        : t("issues.more", { limit: Math.min(LISTED, features.length) });
  }

  /** Say what is new since the last look: only what was opened later, not what came into view by moving the map. */
  function announce(features) {
    const newest = Math.max(0, ...features.map((feature) => Date.parse(feature.properties.opened_at)));
    const arrived = known === null ? [] : features.filter((feature) => Date.parse(feature.properties.opened_at) > known);
    known = Math.max(known ?? Date.now(), newest);
    for (const feature of arrived.slice(0, 3)) {
      byId("issues-news").textContent = t("issues.arrived", {
        category: named("category", feature.properties.category),
        place: placeOf(feature.properties),
      });
      pulse(map, feature);
    }
  }

  let moving = 0;
  map.on("moveend", () => {
    clearTimeout(moving);
    moving = setTimeout(refresh, 250);
  });
  const timer = setInterval(refresh, EVERY_S * 1000);
  document.addEventListener("visibilitychange", refresh);
  refresh();
  return {
    refresh,
    setShown: (isShown) => (isShown ? points.addTo(map) : points.remove()),
  };
}

/** Far out the whole city is a few pixels: its name must stay readable below them. */
const sizeAt = (zoom) => (zoom >= 15 ? 6 : zoom >= 13 ? 4.5 : 3);

const placeOf = (properties) =>
  [properties.division_name, properties.grid_name ?? t("issues.unplaced"), properties.micro_grid_name].filter(Boolean).join(" · ");

function issueRow(feature, onChoose) {
  const { properties } = feature;
  const opened = new Date(properties.opened_at);
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", "data-issue": feature.id, onclick: () => onChoose(feature) },
      el("span", { class: `state ${properties.state}` }, named("state", properties.state)),
      el("span", { class: "issue-what" }, named("category", properties.category)),
      el("time", { datetime: properties.opened_at, title: moment(opened) }, ago(opened)),
      el("span", { class: "issue-where" }, placeOf(properties)),
    ),
  );
}

function pulse(map, feature) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const [lon, lat] = feature.geometry.coordinates;
  const ring = L.marker([lat, lon], { icon: L.divIcon({ className: "pulse", iconSize: [16, 16] }), interactive: false, keyboard: false });
  ring.addTo(map);
  setTimeout(() => ring.remove(), 2400);
}
