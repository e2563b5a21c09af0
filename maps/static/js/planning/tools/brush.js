// The brush: one stroke over plots (or micro-grids) gives all that it touches to the chosen grid, in one step.

import { t } from "../../format.js";
import { trace } from "../canvas.js";
import { MARK } from "../drawing.js";
import { segmentMeets } from "../../geometry.js";

/** Make the tool. */
export function brushTool(desk) {
  let stroke = null; // {to, from, taken: plots or micro-grids by key}
  let sent = null; // a stroke that the server hasn't answered yet
  let under = null; // the plot or micro-grid below the pointer

  const target = () => (desk.chosen.size === 1 ? desk.draft.units.get([...desk.chosen][0]) : null);
  const isMicro = () => desk.options.paint === "micro_grids";
  const ownerOf = (thing) => desk.draft.units.get(isMicro() ? thing.key : thing.owner);
  const idOf = (thing) => (isMicro() ? thing.key : thing.id);

  const at = (point) => {
    if (!isMicro()) return desk.plots.at(point);
    const leaf = desk.draft.leafAt(point);
    return leaf?.parent_key && !leaf.is_remainder ? leaf : null;
  };
  const along = (from, to) => {
    if (!isMicro()) return desk.plots.along(from, to);
    const box = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])];
    return desk.draft.near(box).filter((unit) => !unit.is_frozen && unit.parent_key && !unit.is_remainder && segmentMeets(unit.polygons, from, to));
  };

  /** Say whether so many households are too few or too many for a grid that has a target. */
  function bandWords(to, households) {
    const { limits } = desk.draft;
    if (to?.kind !== "residential" || to.parent_key || !limits) return "";
    if (households >= limits.households_min && households <= limits.households_max) return t("draft.band_within");
    return t(households < limits.households_min ? "draft.band_below" : "draft.band_above");
  }

  /** Tell whether a plot or micro-grid can still change hands: it is the draft's, and not the target's already. */
  function canTake(thing, to) {
    const owner = ownerOf(thing);
    if (!owner) return !isMicro(); // undrawn land
    if (owner.is_frozen || owner.is_locked || desk.draft.gridOf(owner).is_locked) return false;
    return owner.key !== to.key && owner.parent_key !== to.key;
  }

  function extend(point) {
    for (const thing of along(stroke.from, point)) if (canTake(thing, stroke.to)) stroke.taken.set(idOf(thing), thing);
    stroke.from = point;
    desk.tell();
    desk.repaint();
  }

  return {
    key: "brush",
    cursor: "crosshair",
    hold: () => desk.plots.use(!isMicro()),
    leave() {
      desk.plots.use(false);
      stroke = under = null;
    },
    hint() {
      if (stroke) return "tool.brush_stroke_hint";
      if (!isMicro() && !desk.plots.areVisible) return "tool.brush_far_hint";
      if (!isMicro() && !desk.plots.isKnown) return "tool.brush_wait_hint";
      if (!isMicro() && desk.plots.isEmpty) return "tool.brush_no_plots_hint";
      return target() ? "tool.brush_hint" : "tool.brush_choose_hint";
    },
    hintValues() {
      const to = stroke?.to ?? target();
      const taken = [...(stroke?.taken.values() ?? [])];
      const gained = taken.reduce((sum, thing) => sum + ((isMicro() ? desk.draft.figures.get(thing.key)?.households : thing.households) ?? 0), 0);
      const households = (desk.draft.figures.get(to?.key)?.households ?? 0) + gained;
      return { grid: to?.name ?? "", count: taken.length, gained, households, band: bandWords(to, households) };
    },
    hover(point) {
      under = point && at(point);
      desk.hover(null);
      desk.repaint();
    },
    press(point) {
      const to = target();
      if (!to || sent || (!isMicro() && !(desk.plots.areVisible && desk.plots.isKnown))) return false;
      stroke = { to, from: point, taken: new Map() };
      extend(point);
      return true;
    },
    drag: (point) => extend(point),
    async release() {
      sent = stroke;
      stroke = under = null;
      desk.tell();
      if (sent.taken.size) {
        const ids = [...sent.taken.keys()];
        await desk.run({ kind: "assign", to: sent.to.key, [isMicro() ? "micro_grids" : "plots"]: ids });
      }
      sent = null;
      desk.repaint();
    },
    cancel() {
      stroke = null;
      desk.repaint();
    },
    click: (point) => desk.choosePlace(point),
    pick: (point) => desk.choosePlace(point),
    escape() {
      if (!stroke) return desk.choose([]);
      stroke = null;
      desk.repaint();
    },
    paint(context, view) {
      if (!isMicro() && desk.plots.areVisible) outlinePlots(context, view, desk.plots.near(view.box).filter(({ owner }) => owner !== null && !desk.draft.units.get(owner)?.is_frozen));
      const to = stroke?.to ?? sent?.to;
      if (to) fill(context, view, [...(stroke ?? sent).taken.values()], "rgba(179, 38, 30, 0.45)");
      if (under && !stroke && target() && canTake(under, target())) fill(context, view, [under], "rgba(179, 38, 30, 0.25)");
    },
  };
}

function outlinePlots(context, view, plots) {
  context.beginPath();
  for (const { polygons } of plots) trace(context, polygons, view);
  context.strokeStyle = "rgba(90, 70, 50, 0.38)";
  context.lineWidth = 0.8;
  context.stroke();
}

function fill(context, view, things, colour) {
  context.beginPath();
  for (const { polygons } of things) trace(context, polygons, view);
  context.fillStyle = colour;
  context.fill("evenodd");
  context.strokeStyle = MARK;
  context.lineWidth = 1.4;
  context.stroke();
}
