// One more station, tried on the map: the households it would bring, and its circle; places to compare.

import { post } from "../api.js";
import { byId, el, fill } from "../dom.js";
import { number, t } from "../format.js";
import { isNarrow } from "../sheet.js";
import { stationIcon } from "../station_drawing.js";
import { CircleLayer, CircleNote } from "./circles.js";
import { percent } from "./coverage_map.js";
import { follower } from "./follower.js";
import { dragHint, movablePin, rounded } from "./movable_pin.js";

export class WhatIf {
  /** `filter()` gives whose pace, and the kind and level that count, `downloads(links)` links to files; who `mayEdit` is led to opening the station. */
  constructor(map, filter, downloads, mayEdit) {
    this.map = map;
    this.filter = filter;
    this.downloads = downloads;
    this.mayEdit = mayEdit;
    this.circles = new CircleLayer(map);
    this.marks = L.layerGroup().addTo(map);
    this.note = new CircleNote();
    this.pin = null;
    this.change = null; // of the pin's place
    this.kept = [];
    this.asked = 0; // how often the kept ones were asked for
    this.box = el("div", { class: "what-if" });
    this.outcome = el("div", { "aria-live": "polite" });
    this.comparison = el("div", {});
    this.tried = follower(
      async (place) => ({ areas: await post("/api/v1/service-areas", { ...place, pace: this.filter().pace }), change: await this.tell(place) }),
      (answer) => this.show(answer),
      (isBehind) => this.outcome.setAttribute("aria-busy", String(isBehind)),
    );
    this.onClick = ({ latlng }) => this.place(latlng);
  }

  tell(place) {
    return post("/api/v1/coverage/what-if", { ...place, ...this.filter() });
  }

  /** Wait for a click on the map. */
  start() {
    this.box.replaceChildren(
      el("p", {}, t("coverage.try_note")),
      el("div", { class: "list-tools" }, el("button", { type: "button", class: "plain small", onclick: () => this.place(this.map.getCenter()) }, t("stations.centre"))),
      this.outcome,
      this.comparison,
    );
    byId("hint").textContent = t("coverage.try_click");
    this.map.on("click", this.onClick);
    this.map.getContainer().classList.add("is-placing");
    this.again();
  }

  stop() {
    this.asked++;
    this.takeAway();
    this.map.off("click", this.onClick);
    this.map.getContainer().classList.remove("is-placing");
    byId("hint").textContent = "";
    this.marks.clearLayers();
  }

  /** Ask again, with what is filtered by now; a late answer to an earlier question is let go. */
  async again() {
    if (this.pin) this.ask();
    const mine = ++this.asked;
    try {
      for (const one of this.kept) {
        const change = await this.tell(one.place);
        if (mine !== this.asked) return;
        one.change = change;
      }
    } catch {
      if (mine !== this.asked) return;
      this.kept = []; // better none than those of another question
    }
    this.compare();
  }

  place(latlng) {
    if (this.pin) this.pin.setLatLng(latlng);
    else this.pin = movablePin(this.map, latlng, stationIcon("service_centre", "is-moving"), t("coverage.try_pin"), () => this.ask()).addTo(this.map);
    byId("hint").textContent = dragHint();
    this.ask();
  }

  /** Take the tried station away again. */
  takeAway() {
    this.tried.stop();
    this.pin?.remove();
    this.pin = this.change = null;
    this.circles.clear();
    this.outcome.replaceChildren();
    byId("hint").textContent = t("coverage.try_click");
  }

  ask() {
    const [lon, lat] = rounded(this.pin.getLatLng());
    this.tried.follow({ lon, lat });
  }

  show(answer) {
    const away = el("button", { type: "button", class: "link", onclick: () => this.takeAway() }, t("coverage.try_away"));
    if (answer instanceof Error) {
      this.circles.clear();
      const words = answer.kind === "NoStreetsError" ? t("coverage.try_no_street") : answer.message;
      return this.outcome.replaceChildren(el("p", { class: "failed" }, words), away);
    }
    const { areas, change } = answer;
    const { lon, lat } = change.station;
    const isFirst = !this.change;
    this.change = change;
    this.circles.show(areas.features);
    this.note.show(areas.features);
    fill(
      this.outcome,
      gainTable(change),
      el(
        "p",
        { class: "try-acts" },
        el("button", { type: "button", class: "link", onclick: () => this.keep() }, t("coverage.try_keep")),
        away,
        this.mayEdit && el("a", { class: "link", href: `/stations#map=15/${lat}/${lon}&at=${lon},${lat}` }, t("coverage.try_open")),
      ),
      this.note.box,
      this.downloads([["coverage.csv_try", "/buildings", { try_lon: lon, try_lat: lat }]]),
    );
    if (isFirst && isNarrow()) this.outcome.scrollIntoView({ block: "start" });
  }

  /** Keep the tried place, to compare others with it. */
  keep() {
    const { lon, lat } = this.change.station;
    if (!this.kept.some(({ place }) => place.lon === lon && place.lat === lat)) this.kept.push({ place: { lon, lat }, change: this.change });
    this.compare();
  }

  /** List the places that were kept, and mark them on the map. */
  compare() {
    this.marks.clearLayers();
    this.kept.forEach(({ place: { lon, lat } }, i) => {
      const icon = L.divIcon({ className: "door-box", html: el("span", { class: "door" }, String(i + 1)), iconSize: [22, 22] });
      this.marks.addLayer(L.marker([lat, lon], { icon, interactive: false, keyboard: false, zIndexOffset: 1001 }));
    });
    if (!this.kept.length) return this.comparison.replaceChildren();
    const minutes = this.kept[0].change.gained.map((one) => one.minutes);
    const row = (one, i) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, el("button", { type: "button", title: t("coverage.try_back"), onclick: () => this.place([one.place.lat, one.place.lon]) }, t("coverage.try_place", { number: i + 1 }))),
        ...one.change.gained.map(({ households }) => el("td", { class: "figure" }, t("coverage.try_households", { households: number(households) }))),
        el("td", { class: "figure" }, el("button", { type: "button", class: "link", "aria-label": t("coverage.try_drop", { number: i + 1 }), onclick: () => this.drop(one) }, t("stations.remove"))),
      );
    this.comparison.replaceChildren(
      el("h2", {}, t("coverage.try_kept")),
      el("p", { class: "count" }, t("coverage.try_kept_note")),
      el(
        "table",
        { class: "units gained" },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("coverage.try_which")), ...minutes.map((one) => el("th", { scope: "col", class: "figure" }, t("circles.minutes", { minutes: number(one) }))), el("td", {}))),
        el("tbody", {}, ...this.kept.map(row)),
      ),
    );
  }

  drop(one) {
    this.kept = this.kept.filter((other) => other !== one);
    this.compare();
    this.box.querySelector("button").focus();
  }
}

/** What one more station changes: households and people gained, and the shares before and after. */
function gainTable({ gained, before, after }) {
  const head = ["coverage.try_minutes", "coverage.try_gained", "coverage.try_before", "coverage.try_after"];
  return el(
    "table",
    { class: "units gained" },
    el("thead", {}, el("tr", {}, ...head.map((key) => el("th", { scope: "col", class: "figure" }, t(key))))),
    el(
      "tbody",
      {},
      ...gained.map(({ minutes, households, people }, i) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, t("circles.minutes", { minutes: number(minutes) })),
          el("td", { class: "figure" }, el("strong", {}, t("coverage.try_households", { households: number(households) })), el("small", {}, t("coverage.try_people", { people: number(people) }))),
          ...[before, after].map(({ within }) => el("td", { class: "figure" }, percent(within[i].share_households))),
        ),
      ),
    ),
  );
}
