// Tools that draw a line: split by it, lead a border along it, or draw a new grid's outline with it.

import { nearestBorder } from "../borders.js";
import { traceLine } from "../canvas.js";
import { MARK } from "../drawing.js";
import { toDegrees } from "../../geometry.js";
import { refuse } from "../notice.js";
import { ON_LINE_M, SNAP_PX, markSnap, snapMetres } from "../snapping.js";
import { dot } from "./corners.js";

const CLOSE_PX = 12;
const GRAZING_PX = 14;
const SAMPLES = 600;

/** Make a tool that draws a line and hands it to `done(points, snap_m)`. */
function lineTool(desk, { key, least, isClosed = false, done }) {
  let places = [];
  let under = null; // the point below the pointer
  let next = null; // where it would go
  let isSent = false;

  const isClose = (a, b) => a && b && Math.hypot(a[0] - b[0], a[1] - b[1]) * 2 ** desk.map.getZoom() < CLOSE_PX;

  function clear() {
    places = [];
    isSent = false;
    desk.tell();
    desk.repaint();
  }

  async function finish() {
    if (places.length < least || isSent) return;
    isSent = true;
    desk.repaint();
    await done(places.map(({ at }) => at), snapMetres(places));
    clear();
  }

  return {
    key,
    cursor: "crosshair",
    snaps: true,
    hold: () => desk.snapping.use(true),
    hint: () => (places.length >= least ? `tool.${key}_end_hint` : places.length ? `tool.${key}_on_hint` : `tool.${key}_hint`),
    hover(point) {
      under = point;
      next = point && desk.snapping.place(point);
      desk.repaint();
    },
    snapAgain: () => under && (next = desk.snapping.place(under)),
    click(point) {
      if (isSent) return;
      const place = desk.snapping.place(point);
      if (isClose(places.at(-1)?.at, place.at)) return places.length >= least ? finish() : undefined;
      if (isClosed && places.length >= least && isClose(places[0].at, place.at)) return finish();
      places.push(place);
      desk.tell();
      desk.repaint();
    },
    pick: () => (places.length >= least ? finish() : clear()),
    keydown(event) {
      if (event.key === "Enter" && places.length) finish();
      else if (event.key === "Backspace" && places.length && !isSent) {
        places.pop();
        desk.tell();
        desk.repaint();
      } else return false;
      return true;
    },
    escape: () => (places.length ? clear() : desk.choose([])),
    leave() {
      desk.snapping.use(false);
      under = next = null;
      clear();
    },
    paint(context, view) {
      desk.snapping.paint(context, view, isSent ? null : next?.at);
      const points = places.map(({ at }) => at);
      const line = next && !isSent ? [...points, next.at] : points;
      context.beginPath();
      traceLine(context, isClosed && line.length > 2 ? [...line, line[0]] : line, view);
      context.lineJoin = "round";
      context.strokeStyle = "#ffffff";
      context.lineWidth = 5;
      context.stroke();
      context.strokeStyle = MARK;
      context.lineWidth = 2.4;
      context.setLineDash(isSent ? [] : [8, 5]);
      context.stroke();
      context.setLineDash([]);
      for (const point of points) dot(context, view.at(point), 4, "#ffffff", MARK, 2);
      if (next && !isSent) markSnap(context, view, next);
    },
  };
}

/**
 * Make the tool that cuts by a line: what is chosen, where it leads through any of that, or all that it crosses.
 * Into grids, whole grids are cut, and each side takes its micro-grids along.
 */
export const splitTool = (desk) =>
  lineTool(desk, {
    key: "split",
    least: 2,
    done: (points, snap_m) => {
      const chosen = desk.chosenLeaves();
      const through = crossed(desk, points);
      const leaves = through.length && !chosen.some((leaf) => through.includes(leaf)) ? through : chosen;
      if (!leaves.length) return refuse("refusal.crosses_none");
      const { into } = desk.options;
      const keys = [...new Set(leaves.map((leaf) => (into === "grids" ? desk.draft.gridOf(leaf) : leaf).key))];
      return desk.run({ kind: "split", line: points.map(toDegrees), into, keys, snap_m });
    },
  });

/** Make the tool that leads the border between two grids along a new line. */
export const reshapeTool = (desk) =>
  lineTool(desk, {
    key: "reshape",
    least: 2,
    done: (points, snap_m) => {
      const ends = [points[0], points.at(-1)].map((point) => nearestBorder(desk.draft, point, SNAP_PX / 2 ** desk.map.getZoom()));
      const shared = bordersOf(desk, ends);
      if (!shared.length) return refuse("refusal.not_on_border");
      const [key, other = null] = shared.map((unit) => unit.key);
      const line = [ends[0].at, ...points.slice(1, -1), ends[1].at]; // both ends are on the border, snapping or not
      return desk.run({ kind: "reshape", key, other, line: line.map(toDegrees), snap_m: snap_m || ON_LINE_M });
    },
  });

/** Make the tool that draws a new grid in undrawn land. */
export const drawTool = (desk) => lineTool(desk, { key: "draw", least: 3, isClosed: true, done: (points, snap_m) => desk.askAndDraw(points.map(toDegrees), snap_m) });

/** Give the own leaves that a line leads through; those that it only grazes beside a corner would leave slivers. */
function crossed(desk, points) {
  const lengths = points.slice(1).map((point, i) => Math.hypot(point[0] - points[i][0], point[1] - points[i][1]));
  const step = lengths.reduce((a, b) => a + b, 0) / SAMPLES;
  const hits = new Map();
  points.slice(1).forEach(([x, y], i) => {
    const [fromX, fromY] = points[i];
    const count = Math.max(1, Math.round(lengths[i] / step));
    for (let k = 0; k < count; k++) {
      const share = (k + 0.5) / count;
      const leaf = desk.draft.leafAt([fromX + share * (x - fromX), fromY + share * (y - fromY)]);
      if (leaf) hits.set(leaf, (hits.get(leaf) ?? 0) + 1);
    }
  });
  return [...hits].filter(([, count]) => count * step * 2 ** desk.map.getZoom() > GRAZING_PX).map(([leaf]) => leaf);
}

/** Give the one or two leaves whose border a line's ends are on; of more, chosen ones come first. */
function bordersOf(desk, ends) {
  const [first, last] = ends.map((end) => end?.units ?? []);
  const shared = first.filter((unit) => last.includes(unit) && !unit.is_frozen);
  return shared.sort((a, b) => Number(desk.isChosen(b)) - Number(desk.isChosen(a))).slice(0, 2);
}
