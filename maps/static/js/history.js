// Two editions compared: chosen by a slider over time or from lists, as a coloured difference or side by side.

import { startAccount } from "./account.js";
import { get, post } from "./api.js";
import { addAttribution } from "./attribution.js";
import { openDialog } from "./dialog.js";
import { byId, el } from "./dom.js";
import { askExport } from "./export_dialog.js";
import { moment, number, page, t } from "./format.js";
import { askPrint } from "./print_dialog.js";
import { addScale } from "./scale.js";
import { signInAddress } from "./session.js";
import { shown } from "./style.js";
import { setAddress } from "./tiles.js";
import { bboxOf } from "./view.js";

const COLOURS = { handed: "#d9730d", drawn: "#22703a", given_up: "#7d828a" };
const BORDERS_FROM = 12;
const state = { me: null, editions: [], first: null, second: null, difference: null, isBoth: false };
let maps = [];
let drawn = [];
let asked = 0;

/** Start the page on the map and tile layer that folium declared; `moreTiles` makes another such layer. */
export async function start({ map, tiles, moreTiles }) {
  const me = await startAccount();
  if (!me) return location.replace(signInAddress());
  if (me.must_change_password) return;
  if (!me.permissions.includes("drafts.read")) return say(t("history.no_right"));
  state.me = me;
  const second = L.map("map-second", { ...map.options, center: map.getCenter(), zoom: map.getZoom() });
  maps = [map, second];
  prepare(map, tiles);
  follow(map, second);
  wire(() => prepare(second, moreTiles()));
  const layers = page.map.layers.filter(({ bounds }) => bounds);
  if (!layers.length) return say(t("history.none"));
  const choose = byId("layer");
  choose.replaceChildren(...layers.map(({ id, city, name }) => el("option", { value: id }, `${city.name} · ${name}`)));
  byId("layer-row").hidden = layers.length < 2;
  const asLayer = () => layers.find(({ id }) => String(id) === choose.value);
  choose.addEventListener("change", () => open(asLayer()));
  await open(asLayer());
}

function prepare(map, tiles) {
  addScale(map);
  addAttribution(map, page.map.attributions);
  shown.grids = false;
  shown.micro_grids = false;
  setAddress(tiles, "base", page.map.base_tiles);
  setAddress(tiles, "grids", null);
  tiles.addTo(map);
}

const spinner = byId("loading");
const spinnerFrame = spinner.parentElement;
const waiting = (isWaiting) => (isWaiting ? spinnerFrame.append(spinner) : spinner.remove());

/** Keep both maps on the same place. */
function follow(one, other) {
  let isFollowing = false;
  const lead = (from, to) => () => {
    if (isFollowing || !state.isBoth) return;
    isFollowing = true;
    to.setView(from.getCenter(), from.getZoom(), { animate: false });
    isFollowing = false;
  };
  one.on("moveend", lead(one, other));
  other.on("moveend", lead(other, one));
  one.on("moveend", () => state.isBoth && drawBorders());
}

function wire(prepareSecond) {
  let isPrepared = false;
  const show = (isBoth) => {
    state.isBoth = isBoth;
    byId("show-difference").setAttribute("aria-pressed", String(!isBoth));
    byId("show-both").setAttribute("aria-pressed", String(isBoth));
    byId("second-frame").hidden = !isBoth;
    byId("name-first").hidden = !isBoth;
    byId("legend").hidden = isBoth;
    for (const map of maps) map.invalidateSize({ animate: false });
    if (isBoth && !isPrepared) prepareSecond();
    isPrepared ||= isBoth;
    maps[1].setView(maps[0].getCenter(), maps[0].getZoom(), { animate: false });
    draw();
  };
  byId("show-difference").addEventListener("click", () => show(false));
  byId("show-both").addEventListener("click", () => show(true));
  byId("first").addEventListener("change", () => choose(byId("first").value, byId("second").value));
  byId("second").addEventListener("change", () => choose(byId("first").value, byId("second").value));
  const slider = byId("slider");
  slider.addEventListener("input", () => describeSlider(Number(slider.value)));
  slider.addEventListener("change", () => {
    const at = Number(slider.value);
    choose(state.editions[at - 1].id, state.editions[at].id);
  });
}

/** Show a layer's newest edition beside the one before it, or those that the address names. */
async function open(layer) {
  const listed = await get("/api/v1/editions", { layer: layer.code, status: "published", limit: 500 }).catch(fail);
  if (!listed) return;
  state.editions = listed
    .filter(({ division }) => division.startsWith(layer.city.code.slice(0, 4)) || division === layer.city.code)
    .sort((a, b) => a.revision - b.revision);
  byId("timeline").hidden = state.editions.length < 2;
  const [west, south, east, north] = layer.bounds;
  maps[0].fitBounds([[south, west], [north, east]], { animate: false });
  listActs(state.editions.slice(0, 1));
  byId("legend").hidden = state.editions.length < 2;
  if (state.editions.length < 2) return say(t("history.too_few"));
  for (const name of ["first", "second"]) {
    byId(name).replaceChildren(...state.editions.toReversed().map((edition) => el("option", { value: edition.id }, titleOf(edition))));
  }
  byId("slider").max = state.editions.length - 1;
  const wanted = new URLSearchParams(location.hash.slice(1));
  const has = (id) => state.editions.some((edition) => String(edition.id) === id);
  const last = state.editions.length - 1;
  if (has(wanted.get("first")) && has(wanted.get("second"))) await choose(wanted.get("first"), wanted.get("second"));
  else await choose(state.editions[last - 1].id, state.editions[last].id);
}

const titleOf = ({ revision, published_at: at, name, division_name: place }) => `${revision} · ${moment(new Date(at))} · ${name}（${place}）`;

function describeSlider(at) {
  const edition = state.editions[at];
  byId("slider-says").textContent = titleOf(edition);
  byId("slider").setAttribute("aria-valuetext", titleOf(edition));
}

async function choose(firstId, secondId) {
  const find = (id) => state.editions.findIndex((edition) => String(edition.id) === String(id));
  state.first = state.editions[find(firstId)];
  state.second = state.editions[find(secondId)];
  listActs([state.first, state.second]);
  byId("first").value = state.first.id;
  byId("second").value = state.second.id;
  byId("slider").value = Math.max(1, find(secondId));
  describeSlider(find(secondId));
  history.replaceState(null, "", `#first=${state.first.id}&second=${state.second.id}`);
  const mine = (asked += 1);
  waiting(true);
  const found = await get(`/api/v1/editions/${state.first.id}/difference/${state.second.id}`).catch(fail);
  if (mine !== asked || !found) return;
  waiting(false);
  state.difference = found;
  list(found);
  draw();
  const all = L.geoJSON([...found.features, ...found.moved]).getBounds();
  if (all.isValid()) maps[0].fitBounds(all.pad(0.15), { animate: false, maxZoom: 17 });
}

function fail(error) {
  waiting(false);
  say(error.message);
  if (!error.kind) throw error;
}

function say(text) {
  waiting(false);
  byId("panel-body").replaceChildren(el("p", { class: "message" }, text));
}

function clear() {
  for (const layer of drawn) layer.remove();
  drawn = [];
}

function add(map, features, style, tip) {
  const layer = L.geoJSON(features, {
    style: (feature) => ({ smoothFactor: 0, interactive: false, ...style(feature) }),
    renderer: L.canvas({ padding: 0.3 }),
    interactive: false,
  }).addTo(map);
  drawn.push(layer);
  return tip;
}

function draw() {
  if (!state.difference) return;
  clear();
  byId("name-first").textContent = titleOf(state.first);
  byId("name-second").textContent = titleOf(state.second);
  if (state.isBoth) return drawBorders();
  const outline = () => ({ color: "#23262b", weight: 1.5, dashArray: "5 4", fill: false });
  add(maps[0], state.difference.moved, ({ properties }) => {
    const colour = COLOURS[kindOf(properties)];
    return { color: colour, weight: 1, fillColor: colour, fillOpacity: 0.45 };
  });
  add(maps[0], state.difference.features.filter(({ properties }) => properties.level === "grid"), outline);
}

const kindOf = ({ before, after }) => (before === null ? "drawn" : after === null ? "given_up" : "handed");

/** Draw both editions' grids in view, those that changed in colour. */
async function drawBorders() {
  const mine = (asked += 1);
  const changed = new Set(state.difference.features.map(({ id }) => id));
  const bbox = bboxOf(maps[0]);
  const isNear = maps[0].getZoom() >= BORDERS_FROM;
  const both = isNear
    ? await Promise.all([state.first, state.second].map(({ id }) => get(`/api/v1/editions/${id}/borders`, { bbox }))).catch(fail)
    : [{ features: [] }, { features: [] }];
  if (mine !== asked || !both || !state.isBoth) return;
  clear();
  both.forEach(({ features }, at) => {
    add(maps[at], features, ({ id }) =>
      changed.has(id)
        ? { color: "#8a4500", weight: 2, fillColor: COLOURS.handed, fillOpacity: 0.3 }
        : { color: "#5a6069", weight: 1, fillColor: "#8fa3b0", fillOpacity: 0.12 },
    );
  });
}

function list(found) {
  const fact = (key, value, unit) => el("div", {}, el("dt", {}, t(key)), el("dd", {}, value, unit ? el("small", {}, ` ${unit}`) : null));
  const facts = el(
    "dl",
    { class: "facts" },
    fact("history.changed_grids", number(found.changed_grids)),
    fact("history.moved_area", number(found.moved_m2 / 10000, 2), t("history.hectares")),
    fact("history.moved_households", number(found.moved_households)),
    fact("history.moved_issues", number(found.moved_issues)),
  );
  if (!found.features.length) return byId("panel-body").replaceChildren(facts, el("p", { class: "message" }, t("history.same")));
  const head = ["history.grid", "history.change", "history.area", "history.households"];
  const table = el(
    "table",
    { class: "changes" },
    el("thead", {}, el("tr", {}, ...head.map((key, at) => el("th", { scope: "col", class: at > 1 ? "figure" : null }, t(key))))),
    el("tbody", {}, ...found.features.map(rowOf)),
  );
  const more = found.is_complete ? null : el("p", { class: "message" }, t("history.incomplete", { count: number(found.changed_grids) }));
  byId("panel-body").replaceChildren(facts, el("h2", {}, t("history.what_changed")), table, more ?? "");
}

/** Offer what can be done with editions: a file of each, and a draft that returns to it. */
function listActs(editions) {
  const can = (permission) => state.me.permissions.includes(permission);
  const act = (words, edition, work) => el("button", { type: "button", class: "plain small", "aria-label": `${words} ${titleOf(edition)}`, onclick: () => work(edition) }, words);
  byId("edition-acts").replaceChildren(
    ...editions.map((edition) =>
      el(
        "div",
        { class: "edition-acts", "data-edition": edition.id },
        el("p", {}, edition.name, el("small", {}, [t("history.revision", { revision: edition.revision }), moment(new Date(edition.published_at)), edition.division_name].join(" · "))),
        el("div", { class: "acts" }, act(t("board.print_act"), edition, askPrint), can("exports.read") ? act(t("files.export_act"), edition, askExport) : null, can("drafts.edit") ? act(t("history.return"), edition, askReturn) : null),
      ),
    ),
  );
}

/** Ask whether to open a draft of an edition's borders; what forbids it is told. */
function askReturn(edition) {
  openDialog({
    title: t("history.return_title", { name: edition.name }),
    content: [el("p", {}, t("history.return_note", { place: edition.division_name, when: moment(new Date(edition.published_at)) }))],
    action: t("history.return_do"),
    work: () => post(`/api/v1/editions/${edition.id}/roll-back`),
    onDone: ({ id }) => location.assign(`/planning/${id}`),
  });
}

function rowOf(feature) {
  const { code, changes, name_before: before, name_after: after, area_before_m2: was, area_after_m2: is, ...rest } = feature.properties;
  const name = before && after && before !== after ? `${before} → ${after}` : (after ?? before);
  const area = number((is - was) / 10000, 2);
  const homes = (value) => (value === null ? "–" : number(value));
  return el(
    "tr",
    { "data-code": code },
    el("td", {}, el("button", { type: "button", onclick: () => zoomTo(feature) }, name), el("small", {}, code)),
    el("td", {}, ...changes.map((change) => el("span", { class: `change ${change}` }, t(`history.${change}`)))),
    el("td", { class: "figure" }, number(is / 10000, 2), el("small", {}, is >= was ? `+${area}` : area)),
    el("td", { class: "figure" }, homes(rest.households_after), el("small", {}, homes(rest.households_before))),
  );
}

function zoomTo(feature) {
  maps[0].fitBounds(L.geoJSON(feature).getBounds().pad(0.3), { animate: false, maxZoom: 18 });
}
