// The nested circles of one place, and the words that say how they were made.

import { el, fill } from "../dom.js";
import { day, number, t } from "../format.js";
import { paceSwitch, speedOf } from "../pace.js";
import { circleOf } from "../station_drawing.js";

const FILL = 0.1; // three on top of each other: the nearest is the darkest

/** The circles on the map. */
export class CircleLayer {
  constructor(map) {
    this.group = L.featureGroup().addTo(map);
    this.canvas = L.canvas({ padding: 0.3 });
  }

  clear() {
    this.group.clearLayers();
  }

  /** Draw the features of a service-areas answer; gives their bounds. */
  show(features) {
    this.clear();
    for (const { geometry, properties } of [...features].reverse()) {
      this.group.addLayer(circleOf(null, { ...properties, geometry }, this.canvas, FILL));
    }
    return this.group.getBounds();
  }
}

/** What is said about circles: how they were made, how large they are, and whose pace they are drawn for. */
export class CircleNote {
  /** `onPace` is told of another pace; without it there is none to choose. */
  constructor(onPace = null) {
    this.pace = "adult";
    this.facts = el("div", { class: "circle-made", "aria-live": onPace && "polite" });
    const choose = (pace) => {
      this.pace = pace;
      onPace();
    };
    this.box = el("section", { class: "circle-facts", "aria-label": t("circles.title"), hidden: true }, el("h2", {}, t("circles.title")), onPace && paceSwitch(choose), this.facts);
  }

  clear() {
    this.box.hidden = true;
    this.facts.replaceChildren();
  }

  /** Tell of the features of a service-areas answer. */
  show(features) {
    const { method, truncated, network_version: network, computed_at: computed, snap_m: snap, ...speed } = features.at(-1).properties;
    const isAlongStreets = method === "network";
    const swatch = el("span", { class: `swatch ${isAlongStreets ? "line" : "dash"}`, "aria-hidden": "true" });
    swatch.style.setProperty("--ink", "#b3261e");
    const made = [network && t("circles.network", { network }), computed && t("circles.computed", { date: day(new Date(computed)) }), t("circles.speed", { speed: speedOf(speed) })];
    this.box.hidden = false;
    fill(
      this.facts,
      el("p", { class: "how" }, swatch, t(isAlongStreets ? "circles.along_streets" : "circles.straight")),
      el(
        "ul",
        {},
        ...features.map(({ properties: { minutes, area_m2: area } }) =>
          el("li", {}, t("circles.minutes", { minutes: number(minutes) }), el("span", {}, t("unit.ha", { value: number(area / 10000, 1) }))),
        ),
      ),
      el("small", {}, made.filter(Boolean).join(" · ")),
      isAlongStreets && snap > 30 ? el("small", {}, t("circles.snapped", { metres: number(snap) })) : null,
      truncated ? el("small", { class: "warn" }, t("station.circle_truncated")) : null,
    );
  }

  fail({ message }) {
    this.box.hidden = false;
    this.facts.replaceChildren(el("p", { class: "failed" }, t("station.circle_failed", { reason: message })));
  }
}
