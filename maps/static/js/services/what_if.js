// One more station, tried on the map: the households it would bring, and its circle.

import { post } from "../api.js";
import { byId, el } from "../dom.js";
import { number, t } from "../format.js";
import { stationIcon } from "../station_drawing.js";
import { CircleLayer, CircleNote } from "./circles.js";
import { percent } from "./coverage_map.js";
import { follower } from "./follower.js";

export class WhatIf {
  /** `filter()` gives whose pace, and the kind and level that count, `downloads(links)` links to files. */
  constructor(map, filter, downloads) {
    this.map = map;
    this.filter = filter;
    this.downloads = downloads;
    this.circles = new CircleLayer(map);
    this.note = new CircleNote();
    this.pin = null;
    this.box = el("div", { class: "what-if" });
    this.outcome = el("div", { "aria-live": "polite" });
    this.tried = follower(
      async (place) => ({ areas: await post("/api/v1/service-areas", { ...place, pace: this.filter().pace }), change: await post("/api/v1/coverage/what-if", { ...place, ...this.filter() }) }),
      (answer) => this.show(answer),
    );
    this.onClick = ({ latlng }) => this.place(latlng);
  }

  /** Wait for a click on the map. */
  start() {
    this.box.replaceChildren(
      el("p", {}, t("coverage.try_note")),
      el("div", { class: "list-tools" }, el("button", { type: "button", class: "plain small", onclick: () => this.place(this.map.getCenter()) }, t("coverage.try_centre"))),
      this.outcome,
    );
    byId("hint").textContent = t("coverage.try_click");
    this.map.on("click", this.onClick);
    this.map.getContainer().classList.add("is-placing");
  }

  stop() {
    this.tried.stop();
    this.map.off("click", this.onClick);
    this.map.getContainer().classList.remove("is-placing");
    byId("hint").textContent = "";
    this.pin?.remove();
    this.pin = null;
    this.circles.clear();
    this.outcome.replaceChildren();
  }

  /** Ask again, with what is filtered by now. */
  again() {
    if (this.pin) this.ask();
  }

  place(latlng) {
    if (this.pin) this.pin.setLatLng(latlng);
    else this.pin = this.makePin(latlng).addTo(this.map);
    byId("hint").textContent = t("stations.drag");
    this.ask();
  }

  /** Make a pin that can be dragged, or moved by the arrow keys. */
  makePin(latlng) {
    const title = t("coverage.try_pin");
    const pin = L.marker(latlng, { icon: stationIcon("service_centre", "is-moving"), draggable: true, autoPan: true, title, alt: title, zIndexOffset: 1000 });
    pin.on("drag", () => this.ask());
    pin.on("keydown", ({ originalEvent: event }) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const far = event.shiftKey ? 10 : 2;
      pin.setLatLng(this.map.layerPointToLatLng(this.map.latLngToLayerPoint(pin.getLatLng()).add([step[0] * far, step[1] * far])));
      this.ask();
    });
    return pin;
  }

  ask() {
    const { lng, lat } = this.pin.getLatLng();
    this.tried.follow({ lon: Number(lng.toFixed(7)), lat: Number(lat.toFixed(7)) });
  }

  show(answer) {
    if (answer instanceof Error) {
      this.circles.clear();
      const words = answer.kind === "NoStreetsError" ? t("coverage.try_no_street") : answer.message;
      return this.outcome.replaceChildren(el("p", { class: "failed" }, words));
    }
    const { areas, change } = answer;
    this.circles.show(areas.features);
    this.note.show(areas.features);
    const head = ["coverage.try_minutes", "coverage.try_gained", "coverage.try_before", "coverage.try_after"];
    this.outcome.replaceChildren(
      el(
        "table",
        { class: "units gained" },
        el("thead", {}, el("tr", {}, ...head.map((key) => el("th", { scope: "col", class: "figure" }, t(key))))),
        el(
          "tbody",
          {},
          ...change.gained.map(({ minutes, households, people }, i) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, t("circles.minutes", { minutes: number(minutes) })),
              el("td", { class: "figure" }, el("strong", {}, t("coverage.try_households", { households: number(households) })), el("small", {}, t("coverage.try_people", { people: number(people) }))),
              ...[change.before, change.after].map(({ within }) => el("td", { class: "figure" }, percent(within[i].share_households))),
            ),
          ),
        ),
      ),
      this.note.box,
      this.downloads([["coverage.csv_try", "/buildings", { try_lon: change.station.lon, try_lat: change.station.lat }]]),
    );
  }
}
