// The page of coverage: whose walk to a station is how long, where nobody's is short, and what one more would change.

import { download, get } from "../api.js";
import { byId, el, toast } from "../dom.js";
import { named, number, page, t } from "../format.js";
import { paceSwitch } from "../pace.js";
import { keepFresh, signInAddress } from "../session.js";
import { stationIcon } from "../station_drawing.js";
import { LEVELS as NAMED_LEVELS, shown } from "../style.js";
import { repaint } from "../tiles.js";
import { bboxOf, readAddress } from "../view.js";
import { CoverageMap, percent, showLegend } from "./coverage_map.js";
import { UnitTable, roomList, spotList, totalsOf } from "./coverage_lists.js";
import { CoverageStations } from "./coverage_stations.js";
import { failureOf } from "./failure.js";
import { KINDS, LEVELS } from "./kinds.js";
import { startShell } from "./shell.js";
import { WhatIf } from "./what_if.js";

const UNITS = ["grid", "community", "street", "district", "kind", "level"];
const SHAPELESS = new Set(["kind", "level"]);
const TABS = ["units", "spots", "try", "rooms"];
const API = "/api/v1/coverage";
const MOST_STATIONS = 2000;
const WAIT_MS = 250;

/** Start the page on the map and tile layer that folium declared. */
export async function start({ map, tiles }) {
  const hasView = Boolean(readAddress().view);
  const me = await startShell({ map, tiles });
  if (!me) return location.replace(signInAddress());
  if (me.must_change_password) return;
  if (!me.permissions.includes("coverage.read")) return byId("service-body").replaceChildren(el("p", { class: "failed", role: "alert" }, t("coverage.no_right")));
  await new CoveragePage(map, tiles, hasView, me.permissions.includes("stations.edit")).start();
}

class CoveragePage {
  constructor(map, tiles, hasView, mayEdit) {
    this.map = map;
    this.tiles = tiles;
    this.hasView = hasView;
    this.tab = "units";
    this.by = "street";
    this.minutes = page.map.walking.minutes.at(-1);
    this.pace = "adult";
    this.kind = "";
    this.level = "";
    this.underway = this.looking = null;
    this.areAllDrawn = true;
    this.coverage = new CoverageMap(map, { onUnit: (code) => this.tab !== "try" && this.chooseUnit(code), onSpot: (rank) => this.chooseSpot(rank) });
    this.stations = new CoverageStations(map);
    this.stations.layer.addTo(map);
    this.stationPin = L.layerGroup().addTo(map);
    this.table = new UnitTable((code) => this.chooseUnit(code));
    this.whatIf = new WhatIf(map, () => this.filter(), (links) => this.downloads(links), mayEdit);
    this.status = el("p", { class: "count", role: "status" });
    this.totals = el("div", {});
    this.report = this.reportButton();
    this.body = el("div", { role: "tabpanel", id: "coverage-panel", tabindex: "-1" });
    this.tabs = el("div", { class: "coverage-tabs", role: "tablist", "aria-label": t("coverage.title") }, ...TABS.map((tab) => this.tabButton(tab)));
  }

  start() {
    const choice = (id, label, values, words, current, set, blank) => {
      const select = el(
        "select",
        { id },
        ...(blank ? [el("option", { value: "" }, blank)] : []),
        ...values.map((value) => el("option", { value, selected: value === current }, words(value))),
      );
      select.addEventListener("change", () => set(select.value));
      return el("div", {}, el("label", { for: id }, label), select);
    };
    const again = (key) => (value) => {
      this[key] = value;
      this.refresh();
    };
    byId("service-body").replaceChildren(
      el(
        "div",
        { class: "coverage-filters" },
        choice("by", t("coverage.by"), UNITS, (unit) => t(`coverage_by.${unit}`), this.by, again("by")),
        choice("minutes", t("coverage.minutes_choice"), page.map.walking.minutes, (minutes) => t("circles.minutes", { minutes }), this.minutes, (value) => this.setMinutes(Number(value))),
        choice("kind", t("stations.kind"), KINDS, (kind) => named("station", kind), "", again("kind"), t("coverage.all_kinds")),
        choice("level", t("stations.level"), LEVELS, (level) => named("station_level", level), "", again("level"), t("coverage.all_levels")),
        paceSwitch(again("pace")),
      ),
      this.totals,
      this.tabs,
      this.body,
    );
    byId("service-title").after(this.status, this.report);
    let moving = 0;
    this.map.on("moveend", () => {
      clearTimeout(moving);
      moving = setTimeout(() => this.drawStations(), WAIT_MS);
    });
    return this.refresh();
  }

  tabButton(tab) {
    const at = TABS.indexOf(tab);
    const button = el(
      "button",
      { type: "button", role: "tab", "data-tab": tab, "aria-controls": "coverage-panel", "aria-selected": String(tab === this.tab), tabindex: tab === this.tab ? 0 : -1, onclick: () => this.open(tab) },
      t(`coverage_tab.${tab}`),
    );
    button.addEventListener("keydown", ({ key }) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
      if (!step) return;
      const next = TABS[(at + step + TABS.length) % TABS.length];
      this.open(next);
      this.tabs.querySelector(`[data-tab=${next}]`).focus();
    });
    return button;
  }

  filter() {
    return Object.fromEntries(Object.entries({ kind: this.kind, level: this.level, pace: this.pace }).filter(([, value]) => value));
  }

  setMinutes(minutes) {
    this.minutes = minutes;
    return this.refresh();
  }

  /** Ask for what is filtered, and show it. */
  async refresh() {
    this.underway?.abort();
    const mine = (this.underway = new AbortController());
    this.status.replaceChildren(el("span", { class: "spinner", "aria-hidden": "true" }), t("coverage.computing"));
    this.body.setAttribute("aria-busy", "true");
    try {
      const shapes = SHAPELESS.has(this.by) ? {} : { format: "geojson" };
      const answer = await get(API, { by: this.by, ...shapes, ...this.filter() }, mine.signal);
      this.showAnswer(answer);
      await this.fill(mine.signal);
      if (this.underway === mine) this.tellShare(answer.total);
    } catch (error) {
      if (error.name !== "AbortError") this.fail(error);
    }
    if (this.underway === mine) this.body.removeAttribute("aria-busy");
  }

  /** Say the outcome to who doesn't see it. */
  tellShare({ within }) {
    const { share_households: share } = within.find(({ minutes }) => minutes === this.minutes);
    this.status.replaceChildren(el("span", { class: "visually-hidden" }, t("coverage.told", { minutes: number(this.minutes), share: percent(share) })));
  }

  showAnswer(answer) {
    this.head = answer;
    this.features = answer.features ?? [];
    this.rows = answer.features?.map(({ properties }) => properties) ?? answer.rows.map(flat);
    this.totals.replaceChildren(totalsOf(flat(answer.total), answer.minutes));
    this.coverage.showUnits(this.features, this.minutes);
    this.leaveNames(this.features.length ? NAMED_LEVELS[NAMED_LEVELS.indexOf(this.by) - 1] : "grid");
    this.writeLegend();
    if (answer.attribution) this.credit(answer.attribution);
    if (!this.hasView) this.coverage.fitAll();
    this.hasView = true;
    this.drawStations();
  }

  /** Let the base map write names down to a level: those of the units stand beside their shares. */
  leaveNames(level) {
    if (shown.names === level) return;
    shown.names = level;
    repaint(this.tiles);
  }

  /** Draw the open stations in view that count by kind and level. */
  async drawStations() {
    this.looking?.abort();
    if (!this.head) return; // nothing is coloured
    const mine = (this.looking = new AbortController());
    try {
      const { features, is_complete: isAll } = await get("/api/v1/stations", { bbox: bboxOf(this.map), limit: MOST_STATIONS, ...this.filter() }, mine.signal);
      this.stations.show(features.map(({ geometry: { coordinates: [lon, lat] }, properties }) => ({ ...properties, lon, lat })));
      if (isAll === this.areAllDrawn) return;
      this.areAllDrawn = isAll;
      this.writeLegend();
    } catch (error) {
      if (error.name === "AbortError") return;
      this.stations.show([]);
      toast(t("stations.failed", { reason: error.message }));
    }
  }

  writeLegend() {
    showLegend(this.head, this.minutes, {
      stations: t(this.areAllDrawn ? "coverage.dots" : "coverage.dots_cut", { count: number(MOST_STATIONS) }),
      spots: ["spots", "try"].includes(this.tab) && t("coverage.dashed"),
      circles: this.tab === "try" && t("coverage.tried"),
    });
  }

  credit(words) {
    const shown = el("span", {}, words).innerHTML;
    if (this.credited === shown) return;
    const corner = document.querySelector(".leaflet-control-attribution");
    if (!corner.textContent.includes(words)) corner.append(` · ${words}`);
    this.credited = shown;
  }

  fail(error) {
    byId("legend").hidden = true;
    this.head = null;
    this.looking?.abort();
    this.stations.show([]);
    this.totals.replaceChildren();
    this.coverage.clear(); // what was asked before isn't what is asked now
    this.leaveNames("grid");
    this.whatIf.stop();
    const missing = {
      NoStreetsError: ["coverage.no_streets", "coverage.no_streets_note", "streets FILE.osm.pbf"],
      NoHomesError: ["coverage.no_homes", "coverage.no_homes_note", "buildings FILE"],
    }[error.kind];
    this.tabs.hidden = this.report.hidden = true;
    this.status.replaceChildren();
    this.body.replaceChildren(
      missing
        ? el("section", { class: "no-data", role: "alert" }, el("h2", {}, t(missing[0])), el("p", {}, t(missing[1])), el("code", {}, `./wangge import ${missing[2]}`))
        : el("p", { class: "failed", role: "alert" }, ...failureOf(error, t("coverage.failed", { reason: error.message })), " ", el("button", { type: "button", class: "link", onclick: () => this.refresh() }, t("map.retry"))),
    );
  }

  open(tab) {
    this.tab = tab;
    for (const button of this.tabs.children) {
      button.setAttribute("aria-selected", String(button.dataset.tab === tab));
      button.tabIndex = button.dataset.tab === tab ? 0 : -1;
    }
    return this.refresh();
  }

  /** Fill the open tab. */
  async fill(signal) {
    this.tabs.hidden = this.report.hidden = false;
    if (!["spots", "try"].includes(this.tab)) this.coverage.clearSpots();
    if (this.tab !== "try") this.whatIf.stop();
    if (this.tab !== "rooms") this.stationPin.clearLayers();
    await { units: () => this.fillUnits(), spots: () => this.fillSpots(signal), try: () => this.fillTry(signal), rooms: () => this.fillRooms(signal) }[this.tab]();
  }

  fillUnits() {
    this.table.show(this.rows, this.head.minutes, this.minutes);
    this.body.replaceChildren(this.table.box, this.downloads([["coverage.csv_table", "", { by: this.by }], ["coverage.csv_buildings", "/buildings", {}]]));
  }

  /** A button that makes the offline report, and says how that goes. */
  reportButton() {
    const told = el("p", { class: "count", role: "status" });
    const make = async () => {
      button.disabled = true;
      told.replaceChildren(el("span", { class: "spinner", "aria-hidden": "true" }), t("coverage.report_making"));
      try {
        await download(`${API}/report`, { lang: page.language, ...this.filter() });
        told.textContent = t("coverage.report_done");
      } catch (error) {
        told.textContent = t("coverage.report_failed", { reason: error.message });
      }
      button.disabled = false;
    };
    const button = el("button", { type: "button", class: "plain small", title: t("coverage.report_hint"), onclick: make }, t("coverage.report"));
    return el("div", { class: "report-button" }, button, told);
  }

  async drawSpots(signal) {
    const { features } = await get(`${API}/blind-spots`, { minutes: this.minutes, ...this.filter() }, signal);
    this.spots = features;
    this.coverage.showSpots(features);
    return features;
  }

  async fillSpots(signal) {
    const features = await this.drawSpots(signal);
    const households = features.reduce((sum, { properties }) => sum + properties.households, 0);
    this.body.replaceChildren(
      el("p", { class: "count" }, features.length ? t("coverage.spots_count", { count: number(features.length), households: number(households), minutes: this.minutes }) : t("coverage.spots_none", { minutes: this.minutes })),
      spotList(features, (rank) => this.chooseSpot(rank)),
      this.downloads([["coverage.csv_spots", "/blind-spots", { minutes: this.minutes }], ["coverage.csv_beyond", "/buildings", { beyond: this.minutes }]]),
    );
  }

  /** Let a station be tried, beside the blind spots that it is for. */
  async fillTry(signal) {
    if (this.whatIf.box.isConnected) this.whatIf.again();
    else {
      this.body.replaceChildren(this.whatIf.box);
      this.whatIf.start();
    }
    await this.drawSpots(signal);
  }

  async fillRooms(signal) {
    const { rows } = await get(`${API}/stations`, this.filter(), signal);
    this.body.replaceChildren(roomList(rows, (station) => this.chooseStation(station)), this.downloads([["coverage.csv_stations", "/stations", {}]]));
  }

  downloads(links) {
    return el(
      "p",
      { class: "downloads" },
      ...links.map(([key, path, parameters]) => {
        const href = `${API}${path}?${new URLSearchParams({ ...parameters, ...this.filter(), format: "csv" })}`;
        const link = el("a", { href, download: true }, t(key));
        link.addEventListener("click", async (event) => {
          event.preventDefault();
          await keepFresh().catch(() => false); // a page that was long open: the sign-in is renewed before the file is asked for
          location.assign(href);
        });
        return link;
      }),
    );
  }

  chooseUnit(code) {
    this.coverage.zoomToUnit(code);
    if (this.tab === "units") this.table.mark(code);
  }

  /** Show a blind spot from near, or try a station in it. */
  chooseSpot(rank) {
    if (this.tab === "try") return this.tryIn(rank);
    this.coverage.zoomToSpot(this.spots.find(({ properties }) => properties.number === rank));
    for (const row of this.body.querySelectorAll("[data-spot]")) row.classList.toggle("is-chosen", row.dataset.spot === String(rank));
    this.body.querySelector("li.is-chosen")?.scrollIntoView({ block: "nearest" });
  }

  tryIn(rank) {
    const { lat, lon } = this.spots.find(({ properties }) => properties.number === rank).properties;
    this.whatIf.place([lat, lon]);
  }

  chooseStation({ name, kind, lon, lat }) {
    this.stationPin.clearLayers();
    this.stationPin.addLayer(L.marker([lat, lon], { icon: stationIcon(kind, "is-chosen"), title: name, alt: name, zIndexOffset: 1000 }));
    this.map.setView([lat, lon], 17);
  }
}

/** A row with its shares in columns, as the GeoJSON and the CSV have them. */
function flat({ within, ...row }) {
  return Object.assign(row, ...within.map(({ minutes, households, people, share_households: share }) => ({ [`share_${minutes}`]: share, [`households_${minutes}`]: households, [`people_${minutes}`]: people })));
}
