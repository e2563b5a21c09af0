// The page of the stations: those in view as a list and on the map, one of them with its circles, and its editing.

import { get, remove } from "../api.js";
import { openDialog } from "../dialog.js";
import { byId, el, fill, toast } from "../dom.js";
import { named, number, t } from "../format.js";
import { latLngOf, stationIcon, stationPhoto } from "../station_drawing.js";
import { bboxOf, readAddress, writeAddress } from "../view.js";
import { CircleLayer, CircleNote } from "./circles.js";
import { KINDS, LEVELS } from "./kinds.js";
import { StationEditor } from "./station_editor.js";
import { startShell } from "./shell.js";

const LIMIT = 2000;
const EVERYWHERE = "-180,-90,180,90";
const WAIT_MS = 250;
const PINS_FROM = 15; // further out smaller ones, or they would hide each other and the map

/** Start the page on the map and tile layer that folium declared. */
export async function start({ map, tiles }) {
  const { at, station, view } = readAddress(); // before the map writes its view there
  let page = null;
  const me = await startShell({ map, tiles }, () => (page ? page.chosen : station));
  if (me?.must_change_password) return;
  page = new StationsPage(map, me?.permissions.includes("stations.edit") ?? false);
  page.start();
  if (station) page.choose(station, !view);
  else if (at && page.mayEdit) page.edit(null, [at.lon, at.lat]);
}

class StationsPage {
  constructor(map, mayEdit) {
    this.map = map;
    this.mayEdit = mayEdit;
    this.circles = new CircleLayer(map);
    this.note = new CircleNote(() => (this.editor ? this.editor.ask() : this.drawCircles()));
    this.pins = L.layerGroup().addTo(map);
    this.stations = [];
    this.told = null; // the words that they were found by
    this.chosen = this.shown = null;
    this.editor = null;
    this.underway = null;
    this.waiting = 0;
    this.filter = el("input", { type: "search", "aria-label": t("stations.filter"), placeholder: t("stations.filter"), maxlength: 60, oninput: () => this.search() });
    this.count = el("p", { class: "count", role: "status" });
    this.rows = el("ul", { class: "station-rows" });
  }

  start() {
    this.map.on("moveend", () => {
      this.scalePins();
      this.refreshSoon();
    });
    this.scalePins();
    this.showList();
  }

  scalePins() {
    this.map.getContainer().classList.toggle("far", this.map.getZoom() < PINS_FROM);
  }

  refreshSoon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.refresh(), WAIT_MS);
  }

  /** Get the stations in view, or those everywhere that are searched for. */
  async refresh() {
    this.underway?.abort();
    const mine = (this.underway = new AbortController());
    const words = this.words();
    const wanted = words ? searches(words) : [{ bbox: bboxOf(this.map) }];
    try {
      const answers = await Promise.all(wanted.map((one) => get("/api/v1/stations", { ...one, limit: LIMIT }, mine.signal)));
      this.stations = [...new Map(answers.flatMap(({ features }) => features.map((station) => [station.id, station]))).values()];
      this.isComplete = answers.every((one) => one.is_complete);
      this.told = words;
      this.drawPins();
      this.drawList();
    } catch (error) {
      if (error.name !== "AbortError") this.tellFailure(error);
    }
  }

  tellFailure(error) {
    const again = el("button", { type: "button", class: "link", onclick: () => this.refresh() }, t("map.retry"));
    this.count.replaceChildren(t("stations.failed", { reason: error.message }), " ", again);
  }

  words() {
    return this.filter.value.trim().toLowerCase();
  }

  /** Show at once what is known of it, then what else there is outside of the view. */
  search() {
    this.drawPins();
    this.drawList();
    this.refreshSoon();
  }

  found() {
    const words = this.words();
    return this.stations.filter(({ properties: { name, code, division_name: division, kind, level } }) =>
      [name, code, division, named("station", kind), level ? named("station_level", level) : ""].some((text) => hasWords(text, words)),
    );
  }

  drawPins() {
    this.pins.clearLayers();
    for (const station of this.found()) {
      if (station.id === this.editor?.id) continue; // it has a pin of its own, to be dragged
      const { kind, name } = station.properties;
      const pin = L.marker(latLngOf(station), {
        icon: stationIcon(kind, station.id === this.chosen ? "is-chosen" : ""),
        title: name,
        alt: `${named("station", kind)}: ${name}`,
        riseOnHover: true,
        keyboard: false, // the list has them all, or there would be hundreds of stops before it
        zIndexOffset: station.id === this.chosen ? 1000 : 0,
      });
      this.pins.addLayer(pin.on("click", () => this.editor || this.choose(station.id)));
    }
  }

  showList() {
    this.chosen = null;
    this.markChosen();
    this.circles.clear();
    byId("service-title").textContent = t("stations.title");
    byId("service-body").replaceChildren(
      el(
        "div",
        { class: "list-tools" },
        this.filter,
        this.mayEdit ? el("button", { type: "button", class: "primary small", onclick: () => this.edit(null) }, t("stations.add")) : null,
      ),
      this.count,
      this.rows,
    );
    this.drawPins();
    this.drawList();
    if (this.told !== this.words()) this.refresh();
  }

  /** Show the list again, at the row of the station that was shown. */
  goBack(id) {
    this.showList();
    (this.rows.querySelector(`[data-station="${id}"]`) ?? byId("service-title")).focus();
  }

  drawList() {
    const found = this.found();
    this.rows.replaceChildren(...found.map((station) => this.row(station)));
    if (this.told !== this.words()) return this.tellLoading();
    const [cut, all, none] = this.told ? ["count_found_cut", "count_found", "no_match"] : ["count_cut", "count", "none"];
    this.count.textContent = t(`stations.${!found.length ? none : this.isComplete ? all : cut}`, { count: number(found.length) });
  }

  tellLoading() {
    this.count.replaceChildren(el("span", { class: "spinner", "aria-hidden": "true" }), t("stations.loading"));
  }

  row({ id, properties: { name, kind, level, division_name: division, photo } }) {
    return el(
      "li",
      {},
      el(
        "button",
        { type: "button", "data-station": id, onclick: () => this.choose(id, true) },
        el("span", { class: `dot-kind ${kind}`, "aria-hidden": "true" }),
        el("span", { class: "row-name" }, name),
        el("small", {}, [named("station", kind), level && named("station_level", level), division].filter(Boolean).join(" · ")),
        photo ? el("img", { class: "row-photo", src: photo.small_url, alt: "", loading: "lazy", width: 48, height: 48 }) : null,
      ),
    );
  }

  /** Show one station with its circles. */
  async choose(id, isToBeFitted = false) {
    const mine = (this.chosen = id);
    try {
      const station = await get(`/api/v1/stations/${id}`);
      if (mine !== this.chosen || this.editor) return;
      this.showStation(station);
      this.markChosen();
      this.drawPins();
      const bounds = await this.drawCircles();
      if (bounds && isToBeFitted) this.map.fitBounds(bounds, { maxZoom: 16, padding: [24, 24] });
    } catch (error) {
      if (mine !== this.chosen || this.editor) return;
      this.chosen = this.rows.isConnected ? null : this.shown.id; // what is still on the page
      this.markChosen();
      toast(t("stations.failed", { reason: error.message }));
    }
  }

  /** Draw the shown station's circles at the chosen pace; gives their bounds, null where there is something else to show by now. */
  async drawCircles() {
    const { shown, note: { pace } } = this;
    const isPast = () => shown !== this.shown || shown.id !== this.chosen || pace !== this.note.pace || this.editor;
    try {
      const areas = pace === "adult" ? shown.properties.service_areas : (await get(`/api/v1/stations/${shown.id}/service-areas`, { pace })).features;
      if (isPast()) return null;
      this.note.show(areas);
      return this.circles.show(areas);
    } catch (error) {
      if (!isPast()) this.note.fail(error);
      return null;
    }
  }

  showStation(station) {
    const { name, kind, level, code, division, address, hours, services, area_m2: area, doors, may_edit: mayEdit } = station.properties;
    this.shown = station;
    this.note.clear();
    const facts = [
      ["stations.kind", [named("station", kind), level && named("station_level", level)].filter(Boolean).join(" · ")],
      ["stations.code", code],
      ["stations.division", division.name],
      ["station.address", address],
      ["station.hours", hours],
      ["stations.services", services],
      ["stations.floor_area", area === null ? null : t("unit.m2", { value: number(area, 1) })],
      ["stations.doors", doors.length ? t("stations.doors_count", { count: doors.length + 1 }) : null],
    ].filter(([, value]) => value);
    byId("service-title").textContent = name;
    fill(
      byId("service-body"),
      el("button", { type: "button", class: "link back", onclick: () => this.goBack(station.id) }, `← ${t("stations.back")}`),
      stationPhoto(station.properties, "url"),
      el("dl", { class: "facts" }, ...facts.flatMap(([key, value]) => [el("dt", {}, t(key)), el("dd", {}, value)])),
      this.note.box,
      mayEdit
        ? el(
            "div",
            { class: "buttons" },
            el("button", { type: "button", class: "primary", onclick: () => this.edit(station) }, t("stations.edit")),
            el("button", { type: "button", class: "plain", onclick: () => this.askToClose(station) }, t("stations.close")),
          )
        : null,
    );
    document.querySelector(".panel").scrollTop = 0; // the form that was saved may have been scrolled down
    byId("service-title").focus();
  }

  /** Let the others step back while one is looked at, which has an address of its own. */
  markChosen() {
    writeAddress(this.map, null, this.chosen);
    this.map.getContainer().classList.toggle("has-chosen", this.chosen !== null || this.editor !== null);
  }

  /** Edit a station, or a new one: it stands at a place, or is placed by the next click. */
  edit(station, place = null) {
    this.editor = new StationEditor(this.map, this.circles, this.note, station, (saved, done) => {
      this.editor = null;
      if (saved) toast(t(done.length ? "stations.saved_with" : "stations.saved", { name: saved.properties.name, done: done.join(t("account.and")) }));
      const shown = saved ?? station;
      if (!shown) return this.showList();
      this.chosen = shown.id;
      this.markChosen();
      this.showStation(shown);
      this.drawCircles();
      this.refresh();
    }, place);
    this.markChosen();
    this.drawPins();
    this.editor.start();
  }

  askToClose(station) {
    openDialog({
      title: t("stations.close_title", { name: station.properties.name }),
      content: [el("p", {}, t("stations.close_note"))],
      action: t("stations.close"),
      isDangerous: true,
      work: () => remove(`/api/v1/stations/${station.id}`),
      onDone: () => {
        toast(t("stations.closed", { name: station.properties.name }));
        this.showList();
        this.refresh();
      },
    });
  }
}

const hasWords = (text, words) => text.toLowerCase().includes(words);

/** Give what to ask for where words are searched for: the server knows names and codes, the page its own words for kinds and levels. */
function searches(words) {
  const kinds = KINDS.filter((kind) => hasWords(named("station", kind), words)).map((kind) => ({ kind }));
  const levels = LEVELS.filter((level) => hasWords(named("station_level", level), words)).map((level) => ({ level }));
  return [{ q: words }, ...kinds, ...levels].map((one) => ({ bbox: EVERYWHERE, ...one }));
}
