// The plots in sight, which the brush paints into grids; asked for where the map is close enough to tell them apart.

import { get } from "../api.js";
import { bboxOf } from "../view.js";
import { boxOf, covers, segmentMeets, worldOf } from "../geometry.js";
import { Places } from "./places.js";

const PLOTS_FROM = 16;
const WAIT_MS = 250;
const MARGIN = 0.15;

export class Plots {
  constructor(map, draft, onChange) {
    Object.assign(this, { map, draft, onChange });
    this.places = new Places();
    this.isOn = false;
    this.isEmpty = false;
    this.isKnown = false; // whether there has been an answer
    this.asked = 0;
    this.timer = 0;
    map.on("moveend", () => this._ask());
    draft.addEventListener("changed", () => this._ask(0)); // owners change with the borders
  }

  /** Ask for plots from now on, or no more. */
  use(isOn) {
    this.isOn = isOn;
    if (isOn) this._ask(0);
  }

  get areVisible() {
    return this.isOn && this.map.getZoom() >= PLOTS_FROM;
  }

  _ask(wait = WAIT_MS) {
    clearTimeout(this.timer);
    if (this.areVisible) this.timer = setTimeout(() => this._load(), wait);
  }

  async _load() {
    const mine = ++this.asked;
    const answer = await get(`${this.draft.path}/plots`, { bbox: bboxOf(this.map, MARGIN) }).catch(() => null); // the next move asks again
    if (mine !== this.asked || !answer) return;
    this.places = new Places();
    for (const { geometry, properties } of answer.features) {
      const polygons = worldOf(geometry);
      this.places.set(properties.id, { ...properties, polygons, box: boxOf(polygons) });
    }
    this.isEmpty = answer.features.length === 0;
    this.isKnown = true;
    this.onChange();
  }

  /** Give the plot at a place. */
  at(point) {
    return this.places.near([point[0], point[1], point[0], point[1]]).find(({ polygons }) => covers(polygons, point)) ?? null;
  }

  /** Give the plots that a stretch of the brush's way touches. */
  along(from, to) {
    const box = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
    return this.places.near(box).filter(({ polygons }) => segmentMeets(polygons, from, to));
  }

  near(box) {
    return this.places.near(box);
  }
}
