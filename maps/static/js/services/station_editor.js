// Editing one station: its pin is dragged and the circles follow, the rest is a form.

import { change, post } from "../api.js";
import { field } from "../dialog.js";
import { byId, el } from "../dom.js";
import { named, t } from "../format.js";
import { stationIcon } from "../station_drawing.js";
import { circleNote } from "./circles.js";
import { follower } from "./follower.js";
import { KINDS, LEVELS } from "./kinds.js";
import { PhotoField } from "./photo_field.js";

const MOST_DOORS = 8;

export class StationEditor {
  /** `station` is null for a new one; `onEnd(saved, done)` is told of what was saved, or null, and what that brought. */
  constructor(map, circles, station, onEnd) {
    this.map = map;
    this.circles = circles;
    this.station = station;
    this.id = station?.id ?? null;
    this.onEnd = onEnd;
    this.saved = null;
    this.isOver = false;
    this.place = station ? [...station.geometry.coordinates] : null;
    this.doors = (station?.properties.doors ?? []).map((door) => [...door]);
    this.handles = L.layerGroup().addTo(map);
    this.note = el("div", { "aria-live": "polite" });
    this.outcome = el("p", { class: "outcome failed", role: "alert" });
    this.progress = el("p", { class: "count", role: "status" });
    this.hasNewCircles = false;
    this.photo = new PhotoField(station?.properties.photo ?? null);
    this.preview = follower(
      ({ place: [lon, lat], doors }) => post("/api/v1/service-areas", { lon, lat, doors }),
      (answer) => this.follow(answer),
    );
  }

  start() {
    byId("service-title").textContent = t(this.station ? "stations.editing" : "stations.adding");
    byId("service-body").replaceChildren(this.form());
    if (this.place) this.show();
    else this.awaitClick(t("stations.click_to_place"), (at) => this.moveTo(at));
    (this.place ? this.name : byId("service-title")).focus();
  }

  form() {
    const had = this.station?.properties ?? { kind: KINDS[0] };
    const text = (key, size) => el("input", { value: had[key] ?? "", maxlength: size, autocomplete: "off" });
    const choice = (values, current, words, blank) =>
      el(
        "select",
        {},
        ...(blank ? [el("option", { value: "" }, blank)] : []),
        ...values.map((value) => el("option", { value, selected: value === current }, words(value))),
      );
    this.name = text("name", 200);
    this.kind = choice(KINDS, had.kind, (kind) => named("station", kind));
    this.level = choice(LEVELS, had.level, (level) => t(`kind.${level}`), t("stations.no_level"));
    this.address = text("address", 200);
    this.hours = text("hours", 200);
    this.area = el("input", { type: "number", min: 1, max: 1000000, step: "any", inputmode: "decimal", value: had.area_m2 ?? "" });
    this.services = el("textarea", { rows: 3, maxlength: 2000 }, had.services ?? "");
    this.where = el("p", { class: "where" });
    this.doorList = el("ul", { class: "door-list" });
    this.kind.addEventListener("change", () => this.place && this.drawHandles());
    const save = el("button", { type: "submit", class: "primary" }, t("stations.save"));
    const form = el(
      "form",
      { class: "fields station-form", novalidate: true },
      this.where,
      this.note,
      ...field(t("stations.name"), this.name),
      ...field(t("stations.kind"), this.kind),
      ...field(t("stations.level"), this.level),
      ...field(t("station.address"), this.address),
      ...field(t("station.hours"), this.hours),
      ...field(t("stations.area"), this.area, t("stations.area_hint")),
      ...field(t("stations.services"), this.services),
      el("p", { class: "label" }, t("stations.doors")),
      this.doorList,
      el("button", { type: "button", class: "plain small", onclick: () => this.addDoor() }, t("stations.add_door")),
      this.photo.box,
      this.progress,
      this.outcome,
      el("div", { class: "buttons" }, save, el("button", { type: "button", class: "plain", onclick: () => this.end(this.saved) }, t("admin.cancel"))),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      save.disabled = true;
      await this.save();
      save.disabled = false;
    });
    form.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && this.end(this.saved));
    return form;
  }

  /** Take the next click on the map for `use`. */
  awaitClick(words, use) {
    this.forgetClick();
    byId("hint").textContent = words;
    this.waiting = ({ latlng }) => {
      this.forgetClick();
      use(rounded(latlng));
    };
    this.map.once("click", this.waiting);
    this.map.getContainer().classList.add("is-placing");
  }

  forgetClick() {
    if (this.waiting) this.map.off("click", this.waiting);
    this.waiting = null;
    byId("hint").textContent = this.place ? t("stations.drag") : "";
    this.map.getContainer().classList.remove("is-placing");
  }

  moveTo(place) {
    this.place = place;
    this.show();
    if (!this.name.value) this.name.focus();
  }

  addDoor() {
    if (!this.place || this.doors.length >= MOST_DOORS) return;
    this.awaitClick(t("stations.click_for_door"), (at) => {
      this.doors.push(at);
      this.show();
    });
  }

  show() {
    byId("hint").textContent = t("stations.drag");
    this.drawHandles();
    this.describe();
    this.ask();
  }

  ask() {
    this.preview.follow({ place: this.place, doors: this.doors });
  }

  follow(answer) {
    if (answer instanceof Error) {
      this.note.replaceChildren(el("p", { class: "failed" }, t("station.circle_failed", { reason: answer.message })));
      return;
    }
    this.circles.show(answer.features);
    this.note.replaceChildren(circleNote(answer.features));
  }

  drawHandles() {
    this.handles.clearLayers();
    const pin = this.handle(this.place, stationIcon(this.kind.value, "is-moving"), t("stations.drag"), (at) => (this.place = at));
    this.handles.addLayer(pin);
    this.doors.forEach((door, i) => {
      const look = L.divIcon({ className: "door-box", html: el("span", { class: "door" }, String(i + 2)), iconSize: [22, 22] });
      this.handles.addLayer(this.handle(door, look, t("stations.door", { number: i + 2 }), (at) => (this.doors[i] = at)));
    });
  }

  /** Make a pin that can be dragged, or moved by the arrow keys. */
  handle([lon, lat], look, title, set) {
    const pin = L.marker([lat, lon], { icon: look, draggable: true, autoPan: true, title, alt: title, zIndexOffset: 1000 });
    const moved = () => {
      set(rounded(pin.getLatLng()));
      this.describe();
      this.ask();
    };
    pin.on("drag", moved);
    pin.on("keydown", ({ originalEvent: event }) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const far = event.shiftKey ? 10 : 2;
      pin.setLatLng(this.map.layerPointToLatLng(this.map.latLngToLayerPoint(pin.getLatLng()).add([step[0] * far, step[1] * far])));
      moved();
    });
    return pin;
  }

  describe() {
    this.where.textContent = t("stations.at", { lon: this.place[0].toFixed(6), lat: this.place[1].toFixed(6) });
    this.doorList.replaceChildren(
      el("li", {}, t("stations.first_door")),
      ...this.doors.map((_, i) =>
        el(
          "li",
          {},
          t("stations.door", { number: i + 2 }),
          el("button", { type: "button", class: "link", "aria-label": t("stations.remove_door", { number: i + 2 }), onclick: () => this.removeDoor(i) }, t("stations.remove")),
        ),
      ),
    );
  }

  removeDoor(i) {
    this.doors.splice(i, 1);
    this.show();
  }

  async save() {
    this.outcome.textContent = "";
    if (!this.place) return this.refuse(t("stations.click_to_place"), byId("service-title"));
    if (!this.name.value.trim()) return this.refuse(t("stations.name_missing"), this.name);
    if (!this.area.checkValidity()) return this.refuse(t("stations.area_wrong"), this.area);
    const [lon, lat] = this.place;
    const facts = {
      name: this.name.value.trim(),
      kind: this.kind.value,
      level: this.level.value || null,
      address: this.address.value.trim() || null,
      hours: this.hours.value.trim() || null,
      services: this.services.value.trim() || null,
      area_m2: this.area.value ? Number(this.area.value) : null,
      doors: this.doors,
    };
    const [oldLon, oldLat] = this.station?.geometry.coordinates ?? [];
    const moved = lon !== oldLon || lat !== oldLat ? { lon, lat } : {};
    const hasNewCircles = "lon" in moved || String(this.doors) !== String(this.station.properties.doors);
    try {
      this.station = this.station
        ? await change("PATCH", `/api/v1/stations/${this.id}`, null, { ...facts, ...moved })
        : await post("/api/v1/stations", { ...facts, lon, lat });
      this.hasNewCircles ||= hasNewCircles;
      this.id = this.station.id; // saved, whatever becomes of the photo
      this.saved = this.station;
      await this.savePhoto();
    } catch (error) {
      this.outcome.textContent = error.message;
    }
  }

  async savePhoto() {
    if (this.photo.file) this.progress.replaceChildren(el("span", { class: "spinner", "aria-hidden": "true" }), t("stations.photo_sending"));
    const { photo: had } = this.station.properties;
    try {
      const photo = (this.station.properties.photo = await this.photo.save(this.id));
      const done = [this.hasNewCircles && "done_circles", photo?.url !== had?.url && (photo ? "done_photo" : "done_photo_removed")];
      this.end(this.station, done.filter(Boolean).map((key) => t(`stations.${key}`)));
    } catch (error) {
      this.outcome.textContent = t("stations.photo_failed", { reason: error.message });
    }
    this.progress.replaceChildren();
  }

  refuse(reason, at) {
    this.outcome.textContent = reason;
    at.focus();
  }

  /** Leave the form, once: a photo that is sent when she has left it ends nothing. */
  end(saved, done = []) {
    if (this.isOver) return;
    this.isOver = true;
    this.preview.stop();
    this.forgetClick();
    byId("hint").textContent = "";
    this.handles.remove();
    this.circles.clear();
    this.photo.forgetFile();
    this.onEnd(saved, done);
  }
}

/** Give a place as [lon, lat] on the lattice of 1e-7 degrees. */
const rounded = ({ lng, lat }) => [Number(lng.toFixed(7)), Number(lat.toFixed(7))];
