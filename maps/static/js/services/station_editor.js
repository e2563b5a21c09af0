// Editing one station: its pin is dragged and the circles follow, the rest is a form.

import { change, get, post } from "../api.js";
import { openDialog } from "../dialog.js";
import { byId, el } from "../dom.js";
import { t } from "../format.js";
import { stationIcon } from "../station_drawing.js";
import { failureOf } from "./failure.js";
import { follower } from "./follower.js";
import { dragHint, movablePin, rounded } from "./movable_pin.js";
import { PhotoField } from "./photo_field.js";
import { StationFields } from "./station_fields.js";

const MOST_DOORS = 8;

export class StationEditor {
  /** `circles` draws them and `note` tells of them; `station` is null for a new one, which may have a `place` already; `onEnd(saved, done)` is told of what was saved, or null, and what that brought. */
  constructor(map, circles, note, station, onEnd, place = null) {
    this.map = map;
    this.circles = circles;
    this.note = note;
    this.station = station;
    this.id = station?.id ?? null;
    this.onEnd = onEnd;
    this.saved = null;
    this.isOver = false;
    this.saving = null; // "facts" or "photo" while they are under way
    this.place = station ? [...station.geometry.coordinates] : place;
    this.doors = (station?.properties.doors ?? []).map((door) => [...door]);
    this.handles = L.layerGroup().addTo(map);
    this.outcome = el("p", { class: "outcome failed", role: "alert" });
    this.progress = el("p", { class: "count", role: "status" });
    this.hasNewCircles = false;
    this.onUnload = (event) => this.isChanged() && event.preventDefault();
    this.photo = new PhotoField(station?.properties.photo ?? null);
    this.preview = follower(
      ({ place: [lon, lat], doors }) => post("/api/v1/service-areas", { lon, lat, doors, pace: note.pace }),
      (answer) => this.follow(answer),
      (isBehind) => note.box.setAttribute("aria-busy", String(isBehind)),
    );
  }

  start() {
    addEventListener("beforeunload", this.onUnload);
    byId("service-title").textContent = t(this.station ? "stations.editing" : "stations.adding");
    this.note.clear();
    byId("service-body").replaceChildren(this.form());
    if (this.place) this.show();
    else this.awaitClick(t("stations.click_to_place"), (at) => this.moveTo(at));
    (this.place ? this.fields.inputs.name : byId("service-title")).focus();
  }

  form() {
    this.fields = new StationFields(this.station?.properties, () => this.place && this.drawHandles());
    this.where = el("p", { class: "where" });
    this.doorList = el("ul", { class: "door-list" });
    this.doorButton = el("button", { type: "button", class: "plain small", disabled: true, onclick: ({ detail }) => this.addDoor(detail === 0) }, t("stations.add_door"));
    this.centreButton = el("button", { type: "button", class: "plain small", hidden: Boolean(this.place), onclick: () => this.moveTo(this.centre()) }, t("stations.centre"));
    const save = el("button", { type: "submit", class: "primary" }, t("stations.save"));
    const form = el(
      "form",
      { class: "fields station-form", novalidate: true },
      this.where,
      this.centreButton,
      this.note.box,
      ...this.fields.elements(),
      el("p", { class: "label" }, t("stations.doors")),
      this.doorList,
      this.doorButton,
      this.photo.box,
      el("div", { class: "save-bar" }, this.progress, this.outcome, el("div", { class: "buttons" }, save, el("button", { type: "button", class: "plain", onclick: () => this.leave() }, t("admin.cancel")))),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (this.saving) return;
      save.setAttribute("aria-disabled", "true"); // not disabled: it would lose the focus, and keys with it
      await this.save();
      this.saving = null;
      this.progress.replaceChildren();
      save.removeAttribute("aria-disabled");
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault(); // or it would close the dialog that it opens
      this.leave();
    });
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
    byId("hint").textContent = this.place ? dragHint() : "";
    this.map.getContainer().classList.remove("is-placing");
  }

  centre() {
    return rounded(this.map.getCenter());
  }

  moveTo(place) {
    this.forgetClick();
    this.place = place;
    this.centreButton.hidden = true;
    this.show();
    if (!this.fields.inputs.name.value) this.fields.inputs.name.focus();
  }

  /** Wait for a click on the map; who works with keys gets the door in the map's centre and moves it. */
  addDoor(isByKey) {
    const add = (at) => {
      this.doors.push(at);
      this.show();
    };
    if (isByKey) add(this.centre());
    else this.awaitClick(t("stations.click_for_door"), add);
  }

  show() {
    byId("hint").textContent = dragHint();
    this.drawHandles();
    this.describe();
    this.ask();
  }

  /** Draw the circles of the place where it stands by now. */
  ask() {
    if (this.place) this.preview.follow({ place: this.place, doors: this.doors });
  }

  follow(answer) {
    if (answer instanceof Error) {
      this.circles.clear(); // those of another place
      return this.note.fail(answer);
    }
    this.circles.show(answer.features);
    this.note.show(answer.features);
  }

  drawHandles() {
    this.handles.clearLayers();
    const pin = this.handle(this.place, stationIcon(this.fields.inputs.kind.value, "is-moving"), t("stations.drag"), (at) => (this.place = at));
    this.handles.addLayer(pin);
    this.doors.forEach((door, i) => {
      const look = L.divIcon({ className: "door-box", html: el("span", { class: "door" }, String(i + 2)), iconSize: [22, 22] });
      this.handles.addLayer(this.handle(door, look, t("stations.door", { number: i + 2 }), (at) => (this.doors[i] = at)));
    });
  }

  handle([lon, lat], look, title, set) {
    return movablePin(this.map, [lat, lon], look, title, (at) => {
      set(rounded(at));
      this.describe();
      this.ask();
    });
  }

  describe() {
    this.where.textContent = t("stations.at", { lon: this.place[0].toFixed(6), lat: this.place[1].toFixed(6) });
    this.doorButton.disabled = this.doors.length >= MOST_DOORS;
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
    const wrong = this.fields.wrong();
    if (wrong) return this.refuse(...wrong);
    const [lon, lat] = this.place;
    const facts = { ...this.fields.read(), doors: this.doors };
    const moved = this.hasMoved() ? { lon, lat } : {};
    const hasNewCircles = this.hasMoved() || this.hasOtherDoors();
    this.saving = "facts";
    this.tellProgress(t("stations.saving"));
    try {
      this.station = this.station
        ? await change("PATCH", `/api/v1/stations/${this.id}`, this.station.properties.revision, { ...facts, ...moved })
        : await post("/api/v1/stations", { ...facts, lon, lat });
      this.hasNewCircles ||= hasNewCircles;
      this.id = this.station.id; // saved, whatever becomes of the photo
      this.saved = this.station;
      this.fields.had = this.station.properties;
      await this.savePhoto();
    } catch (error) {
      if (error.status === 412) return this.catchUp();
      this.tellFailure(error);
    }
  }

  tellFailure(error) {
    this.outcome.replaceChildren(...failureOf(error, error.status === 404 ? t("stations.gone") : error.message));
  }

  /** Somebody else was quicker: take over what she hasn't changed herself, and let her look before she saves again. */
  async catchUp() {
    try {
      const theirs = await get(`/api/v1/stations/${this.id}`);
      const { doors } = theirs.properties;
      const both = this.fields.catchUp(theirs.properties);
      if (!this.hasMoved()) this.place = [...theirs.geometry.coordinates];
      else if (String(theirs.geometry.coordinates) !== String(this.station.geometry.coordinates)) both.push(t("stations.stale_place"));
      if (!this.hasOtherDoors()) this.doors = doors.map((door) => [...door]);
      else if (String(doors) !== String(this.station.properties.doors)) both.push(t("stations.stale_doors"));
      this.station = theirs;
      this.show();
      this.outcome.textContent = [t("stations.stale"), both.length ? t("stations.stale_both", { both: both.join(t("stations.stale_between")) }) : ""].join("");
    } catch (error) {
      this.tellFailure(error);
    }
  }

  hasMoved() {
    return String(this.place) !== String(this.station?.geometry.coordinates);
  }

  hasOtherDoors() {
    return String(this.doors) !== String(this.station?.properties.doors ?? []);
  }

  /** Tell whether something would be lost. A new station's place alone is quickly put again. */
  isChanged() {
    const hasOtherPlace = this.station && (this.hasMoved() || this.hasOtherDoors());
    return this.fields.isChanged() || hasOtherPlace || this.photo.isChanged();
  }

  tellProgress(words) {
    this.progress.replaceChildren(el("span", { class: "spinner", "aria-hidden": "true" }), words);
  }

  /** Leave the form, asking first where something would be lost; not while its facts are saved, which ends it or tells why not. */
  leave() {
    if (this.saving === "facts") return;
    if (this.saving || !this.isChanged()) return this.end(this.saved);
    openDialog({
      title: t("stations.discard_title"),
      content: [el("p", {}, t("stations.discard_note"))],
      action: t("stations.discard"),
      isDangerous: true,
      work: async () => null,
      onDone: () => this.end(this.saved),
    });
  }

  async savePhoto() {
    this.saving = "photo";
    if (this.photo.file) this.tellProgress(t("stations.photo_sending"));
    const { photo: had } = this.station.properties;
    try {
      const photo = (this.station.properties.photo = await this.photo.save(this.id));
      const done = [this.hasNewCircles && "done_circles", photo?.url !== had?.url && (photo ? "done_photo" : "done_photo_removed")];
      this.end(this.station, done.filter(Boolean).map((key) => t(`stations.${key}`)));
    } catch (error) {
      this.outcome.textContent = t("stations.photo_failed", { reason: error.message });
    }
  }

  refuse(reason, at) {
    this.outcome.textContent = reason;
    at.focus();
  }

  /** Leave the form, once: a photo that is sent when she has left it ends nothing. */
  end(saved, done = []) {
    if (this.isOver) return;
    this.isOver = true;
    removeEventListener("beforeunload", this.onUnload);
    this.preview.stop();
    this.forgetClick();
    byId("hint").textContent = "";
    this.handles.remove();
    this.circles.clear();
    this.photo.forgetFile();
    this.onEnd(saved, done);
  }
}
