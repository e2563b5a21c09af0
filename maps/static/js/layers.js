// The list that is both: a switch for each layer, and the legend of what it looks like.

import { byId, el } from "./dom.js";
import { named, page, t } from "./format.js";
import { COLOURS } from "./issues.js";
import { paceSwitch } from "./pace.js";
import { SHAPES, stationPin } from "./station_drawing.js";
import { GRIDS_FROM, INK, MICRO_GRIDS_FROM, shown } from "./style.js";

/** What a layer's colours and signs mean. */
const KINDS = {
  grids: () => ["residential", "dedicated", "rural"].map((kind) => [swatchOf("tint", INK[kind]), t(`layers.${kind}`)]),
  issues: () => ["open", "assigned", "in_progress", "solved"].map((state) => [swatchOf("dot", COLOURS[state]), named("state", state)]),
  stations: () => Object.keys(SHAPES).map((kind) => [stationPin(kind), named("station", kind)]),
};

/** Fill the list; `onSwitch(key, isOn)` is told of a switch, `onPace(pace)` of another pace, `overlays` says what is on of what isn't in the tiles, null: not there. */
export function listLayers(map, overlays, onSwitch, onPace) {
  const rows = [
    { key: "divisions", swatch: ["line", INK.district], on: shown.divisions },
    { key: "grids", swatch: ["line", INK.grid], on: shown.grids, from: GRIDS_FROM },
    { key: "micro_grids", swatch: ["dash", INK.micro], on: shown.micro_grids, from: MICRO_GRIDS_FROM },
    { key: "issues", swatch: ["dot", "#d9480f"], on: overlays.issues },
    { key: "stations", swatch: ["station", "#b3261e"], on: overlays.stations, from: overlays.stationsFrom },
    { key: "circles", swatch: ["ring", "#b3261e"], on: overlays.circles, from: overlays.circlesFrom, note: t("layers.circles_note"), below: paceSwitch(onPace) },
    { key: "base", swatch: ["area", INK.water], on: shown.base },
  ];
  const items = rows.filter(({ on }) => on !== null).map((row) => ({ row, item: layerItem(row, onSwitch) }));
  byId("layer-list").replaceChildren(...items.map(({ item }) => item));
  const mark = () => {
    for (const { row, item } of items) item.classList.toggle("too-far", map.getZoom() < (row.from ?? 0));
  };
  map.on("zoomend", mark);
  mark();
}

function layerItem({ key, swatch: [shape, colour], on, note, from, below }, onSwitch) {
  const box = el("input", {
    type: "checkbox",
    checked: on,
    onchange: (event) => onSwitch(key, event.target.checked),
  });
  return el(
    "li",
    { "data-layer": key },
    el(
      "label",
      {},
      box,
      swatchOf(shape, colour),
      el("span", { class: "layer-name" }, t(`layers.${key}`, { minutes: page.map.walking.minutes.at(-1) }), from ? el("small", { class: "from-zoom" }, t("layers.from_zoom")) : null, note ? el("small", {}, note) : null),
    ),
    KINDS[key] ? el("ul", { class: "kinds" }, ...KINDS[key]().map(([sign, name]) => el("li", {}, sign, name))) : null,
    below,
  );
}

function swatchOf(shape, colour) {
  const swatch = el("span", { class: `swatch ${shape}`, "aria-hidden": "true" });
  swatch.style.setProperty("--ink", colour);
  return swatch;
}

/** Offer the tessellations, each with its city, where there is a choice. */
export function offerTessellations(layers, chosen, onChoose) {
  const select = byId("tessellation");
  const drawn = layers.filter((layer) => layer.bounds);
  byId("tessellation-row").hidden = drawn.length < 2;
  select.replaceChildren(
    ...drawn.map((layer) => el("option", { value: layer.id, selected: layer.id === chosen?.id }, `${layer.city.name} · ${layer.name}`)),
  );
  select.onchange = () => onChoose(drawn.find((layer) => String(layer.id) === select.value));
}

/** Open and close the card. */
export function wireLayerCard(isWide) {
  const card = byId("layers");
  const opener = byId("layers-open");
  const set = (isOpen) => {
    card.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
  };
  opener.addEventListener("click", () => set(card.hidden));
  byId("layers-close").addEventListener("click", () => {
    set(false);
    opener.focus();
  });
  set(isWide);
}
