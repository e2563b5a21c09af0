// How a draft looks on the map: fills by the band of households, borders of grids over those of micro-grids, labels.

import { number, t } from "../format.js";
import { FONT } from "../style.js";
import { trace, traceSegments } from "./canvas.js";
import { boxesMeet } from "../geometry.js";

/** Colours by band: a fill, and a darker one for text and edges. */
export const BANDS = {
  below: { fill: "#4f8fd6", ink: "#1f5c9e" },
  within: { fill: "#4aa06a", ink: "#22703a" },
  above: { fill: "#e08a2e", ink: "#9a5b00" },
  not_applicable: { fill: "#9b7fb0", ink: "#6b4685" },
  not_checked: { fill: "#9aa0a8", ink: "#5a6069" },
};
export const MARK = "#b3261e";
const BORDER = "#2f3a45";
const LABELS_FROM = 15;
const MICRO_FROM = 15;

/** Give the band of a unit's grid, "not_checked" where no figure is known. */
export function bandOf(draft, unit) {
  const grid = draft.gridOf(unit);
  return draft.figures.get(grid.key)?.band ?? (grid.kind === "residential" ? "not_checked" : "not_applicable");
}

/** Give a function that paints the draft; `state.preview` may hold other polygons or grids for some units. */
export function painter(draft, state) {
  return (context, view) => {
    const leaves = draft.near(view.box);
    const own = leaves.filter((unit) => !unit.is_frozen);
    paintBeside(context, view, leaves.filter((unit) => unit.is_frozen));
    paintFills(context, view, draft, state, own);
    paintBorders(context, view, draft, own);
    if (view.zoom >= LABELS_FROM) paintLabels(context, view, draft, own);
  };
}

function paintBeside(context, view, beside) {
  context.beginPath();
  for (const unit of beside) trace(context, unit.polygons, view);
  context.fillStyle = "rgba(120, 124, 130, 0.2)";
  context.fill("evenodd");
  context.strokeStyle = "rgba(90, 96, 105, 0.55)";
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.stroke();
  context.setLineDash([]);
}

function paintFills(context, view, draft, state, own) {
  for (const unit of own) {
    context.beginPath();
    trace(context, unit.polygons, view);
    context.fillStyle = BANDS[bandOf(draft, unit)].fill;
    context.globalAlpha = state.isChosen(unit) ? 0.42 : 0.22;
    context.fill("evenodd");
  }
  context.globalAlpha = 1;
}

function paintBorders(context, view, draft, own) {
  const grids = new Set(own.map((unit) => draft.gridOf(unit)));
  if (view.zoom >= MICRO_FROM) {
    context.beginPath();
    for (const unit of own) if (unit.parent_key) trace(context, unit.polygons, view);
    context.strokeStyle = "rgba(47, 58, 69, 0.6)";
    context.lineWidth = 1;
    context.setLineDash([5, 3]);
    context.stroke();
    context.setLineDash([]);
  }
  context.beginPath();
  for (const grid of grids) {
    if (grid.polygons) trace(context, grid.polygons, view);
    else traceSegments(context, draft.outlineOf(grid), view);
  }
  context.lineJoin = "round";
  context.strokeStyle = "rgba(255, 255, 255, 0.85)";
  context.lineWidth = view.zoom >= 15 ? 4 : 2.4;
  context.stroke();
  context.strokeStyle = BORDER;
  context.lineWidth = view.zoom >= 15 ? 1.8 : 1;
  context.stroke();
}

function paintLabels(context, view, draft, own) {
  const placed = [];
  const grids = new Map();
  for (const unit of own) {
    const grid = draft.gridOf(unit);
    const best = grids.get(grid);
    if (!best || areaOf(unit) > areaOf(best)) grids.set(grid, unit);
  }
  for (const [grid, leaf] of grids) {
    const figure = draft.figures.get(grid.key);
    const lines = [grid.name];
    if (figure?.households != null) lines.push(t("unit.households", { value: number(figure.households) }));
    label(context, view, leaf.label, lines, { size: 13, weight: 600, colour: "#1f2933", second: BANDS[bandOf(draft, grid)].ink, placed, icon: grid.is_locked });
  }
  if (view.zoom < 17) return;
  for (const unit of own) {
    if (unit.parent_key) label(context, view, unit.label, [unit.is_remainder ? t("draft.rest") : unit.name], { size: 11, weight: 400, colour: "#46525e", placed });
  }
}

const areaOf = (unit) => (unit.box[2] - unit.box[0]) * (unit.box[3] - unit.box[1]);

function label(context, view, at, lines, { size, weight, colour, second = colour, placed, icon = false }) {
  const [x, y] = view.at(at);
  const fonts = [`${weight} ${size}px ${FONT}`, `700 ${size}px ${FONT}`];
  context.font = fonts[0];
  const width = Math.max(...lines.map((text) => context.measureText(text).width)) + (icon ? size * 2.4 : 0);
  const height = lines.length * size * 1.3;
  const box = [x - width / 2 - 3, y - height / 2, x + width / 2 + 3, y + height / 2];
  if (placed.some((other) => boxesMeet(box, other))) return;
  placed.push(box);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.strokeStyle = "rgba(255, 255, 255, 0.92)";
  context.lineWidth = 4;
  lines.forEach((text, i) => {
    const line = y - height / 2 + size * 1.3 * (i + 0.5);
    context.font = fonts[Math.min(i, 1)];
    context.fillStyle = i ? second : colour;
    context.strokeText(text, x, line);
    context.fillText(text, x, line);
  });
  if (icon) lockAt(context, x - width / 2, y - height / 2 + size * 0.1, size);
}

const LOCK = new Path2D("M12 2a5 5 0 0 0-5 5v3H5v11h14V10h-2V7a5 5 0 0 0-5-5Zm0 2a3 3 0 0 1 3 3v3H9V7a3 3 0 0 1 3-3Z");

function lockAt(context, x, y, size) {
  context.save();
  context.translate(x, y);
  context.scale(size / 24, size / 24);
  context.stroke(LOCK);
  context.fillStyle = "#5a3a00";
  context.fill(LOCK, "evenodd");
  context.restore();
}
