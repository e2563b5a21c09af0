// What stands out over the draft: units that have just changed, the grid below the pointer, those that are chosen.

import { trace, traceSegments } from "./canvas.js";
import { MARK } from "./drawing.js";

const FLASH_MS = 2500;
const FRAME_MS = 60;

export class Highlights {
  constructor(desk) {
    this.desk = desk;
    this.flashing = new Map();
  }

  /** Show units in another colour for a moment. */
  flash(keys, why) {
    const until = performance.now() + (why === "others" ? 3 * FLASH_MS : FLASH_MS);
    for (const key of keys) this.flashing.set(key, { until, why });
    const fade = () => {
      const now = performance.now();
      for (const [key, one] of this.flashing) if (one.until <= now) this.flashing.delete(key);
      this.desk.repaint();
      if (this.flashing.size) setTimeout(fade, FRAME_MS);
    };
    fade();
  }

  paint(context, view) {
    this._paintFlashing(context, view);
    this._paintHovered(context, view);
    this._paintChosen(context, view);
  }

  _paintFlashing(context, view) {
    const now = performance.now();
    for (const [key, { until, why }] of this.flashing) {
      const unit = this.desk.draft.units.get(key);
      if (!unit?.polygons || unit.is_frozen) continue; // those beside only got corners
      context.beginPath();
      trace(context, unit.polygons, view);
      context.globalAlpha = Math.max(0, Math.min(1, (until - now) / FLASH_MS)) * (why === "others" ? 0.5 : 0.3);
      context.fillStyle = why === "others" ? "#c026d3" : "#ffd84d";
      context.fill("evenodd");
      context.globalAlpha = 1;
    }
  }

  _paintHovered(context, view) {
    const { draft, hovered } = this.desk;
    if (!hovered?.polygons) return;
    context.beginPath();
    for (const leaf of draft.leavesOf(draft.gridOf(hovered).key)) trace(context, leaf.polygons, view);
    context.fillStyle = "rgba(255, 255, 255, 0.22)";
    context.fill("evenodd");
  }

  _paintChosen(context, view) {
    const { draft, chosen } = this.desk;
    if (!chosen.size) return;
    context.beginPath();
    for (const key of chosen) {
      const unit = draft.units.get(key);
      if (unit?.polygons) trace(context, unit.polygons, view);
      else if (unit) traceSegments(context, draft.outlineOf(unit), view);
    }
    context.lineJoin = "round";
    context.strokeStyle = "#ffffff";
    context.lineWidth = 6;
    context.stroke();
    context.strokeStyle = MARK;
    context.lineWidth = 3;
    context.stroke();
  }
}
