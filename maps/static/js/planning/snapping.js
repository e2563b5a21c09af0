// What drawn corners go to: corners and borders of grids, streets, shores, walls of compounds, borders of divisions.

import { get } from "../api.js";
import { t } from "../format.js";
import { FONT } from "../style.js";
import { bboxOf } from "../view.js";
import { around, nearestBorder } from "./borders.js";
import { traceLine } from "./canvas.js";
import { MANY } from "./draft.js";
import { MARK } from "./drawing.js";
import { metresPerUnit, nearestOnSegment, toWorld } from "../geometry.js";
import { Places } from "./places.js";

export const SNAP_PX = 10;
const LINE_PX = 6; // streets and walls stand close together: from further away they would pull at every border
const SNAP_M = 5; // the server moves corners this far, too; less where the map is so near that it would not show
export const ON_LINE_M = 0.05; // a place on a line is a centimetre beside it, by rounding
const SHOWN_FROM = 15;
const SHOWN_PX = 150;
const WAIT_MS = 250;
const MARGINS = [0.15, -0.2, -0.35]; // of the view; its middle only, where that holds more lines than one answer
const COLOURS = { street: "#8a5a00", water: "#0b6fa8", compound: "#7a3fa0", division: "#9c2b6b" };

export class Snapping {
  constructor(map, draft, onChange) {
    Object.assign(this, { map, draft, onChange });
    this.lines = new Places();
    this.isUsed = false;
    this.isOff = false;
    this.isHeld = false; // the key that draws without, for as long as it is down
    this.asked = 0;
    this.timer = 0;
    map.on("moveend", () => this._ask());
    const hold = (isHeld) => {
      if (this.isHeld === isHeld) return;
      this.isHeld = isHeld;
      if (this.isUsed) this.onChange();
    };
    for (const kind of ["keydown", "keyup"]) document.addEventListener(kind, (event) => ["Control", "Meta"].includes(event.key) && hold(kind === "keydown"));
    addEventListener("blur", () => hold(false));
  }

  /** Ask for lines from now on, or no more. */
  use(isUsed) {
    this.isUsed = isUsed;
    if (isUsed) this._ask(0);
  }

  toggle() {
    this.isOff = !this.isOff;
    this.onChange();
  }

  get isOn() {
    return !this.isOff && !this.isHeld;
  }

  get reach() {
    return SNAP_PX / 2 ** this.map.getZoom();
  }

  /** Give where a drawn point goes: {at, what, name, within_m}; `what` is null where nothing is near. */
  place(point, without = []) {
    if (!this.isOn) return { at: point, what: null, within_m: 0 };
    const within_m = Math.min(SNAP_M, (this.reach / SNAP_PX) * LINE_PX * metresPerUnit(point[1]));
    const border = nearestBorder(this.draft, point, this.reach, { without });
    const line = border?.isCorner ? null : this._nearestLine(point);
    if (line && (!border || line.distance < border.distance)) return { at: line.at, what: line.kind, name: line.name, within_m };
    return border ? { at: border.at, what: border.isCorner ? "corner" : "border", within_m } : { at: point, what: null, within_m };
  }

  _nearestLine(point) {
    const reach = (this.reach / SNAP_PX) * LINE_PX;
    let best = null;
    for (const line of this.lines.near(around(point, reach))) {
      for (let i = 0; i + 1 < line.points.length; i++) {
        const { at, distance } = nearestOnSegment(point, ...line.points[i], ...line.points[i + 1]);
        if (distance <= reach && (!best || distance < best.distance)) best = { at, distance, kind: line.kind, name: line.name };
      }
    }
    return best;
  }

  /** Show the lines around a point, fading away from it. */
  paint(context, view, point) {
    if (!this.isOn || !point || view.zoom < SHOWN_FROM) return;
    const [x, y] = view.at(point);
    const lines = this.lines.near(around(point, SHOWN_PX / view.scale));
    context.lineWidth = 2;
    context.setLineDash([4, 3]);
    for (const [kind, colour] of Object.entries(COLOURS)) {
      context.beginPath();
      for (const line of lines) if (line.kind === kind) traceLine(context, line.points, view);
      const fading = context.createRadialGradient(x, y, SHOWN_PX / 3, x, y, SHOWN_PX);
      fading.addColorStop(0, colour);
      fading.addColorStop(1, `${colour}00`);
      context.strokeStyle = fading;
      context.stroke();
    }
    context.setLineDash([]);
  }

  _ask(wait = WAIT_MS) {
    clearTimeout(this.timer);
    if (this.isUsed && this.map.getZoom() >= SHOWN_FROM) this.timer = setTimeout(() => this._load(), wait);
  }

  async _load() {
    const mine = ++this.asked;
    let answer;
    for (const margin of MARGINS) {
      answer = await get(`${this.draft.path}/snap-lines`, { bbox: bboxOf(this.map, margin) }).catch((error) => error);
      if (mine !== this.asked) return;
      if (answer.status !== MANY) break;
    }
    if (answer instanceof Error) return; // the next move asks again
    this.lines = new Places();
    answer.features.forEach(({ geometry, properties }, number) => {
      const parts = geometry.type === "LineString" ? [geometry.coordinates] : geometry.coordinates;
      parts.forEach((part, at) => {
        const points = part.map(([lon, lat]) => toWorld(lon, lat));
        this.lines.set(`${number} ${at}`, { ...properties, points, box: boxAround(points) });
      });
    });
    this.onChange();
  }
}

function boxAround(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Give how far the server may move the corners of a drawn line: never further than any of them was shown to go. */
export function snapMetres(places) {
  const least = Math.min(...places.map(({ within_m: within }) => within));
  return Number((least || (places.some(({ what }) => what) ? ON_LINE_M : 0)).toFixed(2));
}

/** Mark the place to which a point goes: a square on a corner, a ring on a line, and what it is. */
export function markSnap(context, view, { at, what, name }) {
  if (!what) return;
  const [x, y] = view.at(at);
  context.beginPath();
  if (what === "corner") context.rect(x - 6, y - 6, 12, 12);
  else context.arc(x, y, 7, 0, 2 * Math.PI);
  context.fillStyle = "rgba(255, 255, 255, 0.75)";
  context.fill();
  context.strokeStyle = COLOURS[what] ?? MARK;
  context.lineWidth = 2.6;
  context.stroke();
  const words = name ? t("snap.named", { what: t(`snap.${what}`), name }) : t(`snap.${what}`);
  context.font = `600 12px ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = "rgba(255, 255, 255, 0.92)";
  context.strokeText(words, x + 13, y - 13);
  context.fillStyle = COLOURS[what] ?? MARK;
  context.fillText(words, x + 13, y - 13);
}
