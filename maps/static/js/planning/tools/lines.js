// Tools that draw a line: split by it, lead a border along it, or draw a new grid's outline with it.

import { nearestBorder } from "../borders.js";
import { traceLine } from "../canvas.js";
import { MARK } from "../drawing.js";
import { toDegrees } from "../geometry.js";
import { dot } from "./corners.js";

const SNAP_PX = 10;
const CLOSE_PX = 12;
const GRAZING_PX = 14;
const SAMPLES = 600;

/** Make a tool that draws a line and hands its points to `done(points)`, which gives false to keep it in hand. */
function lineTool(desk, { key, least, isClosed = false, done }) {
  let points = [];
  let pointer = null; // where the next point would be: {at, isOn}
  let isSent = false;

  const snapped = (point) => {
    const found = nearestBorder(desk.draft, point, SNAP_PX / 2 ** desk.map.getZoom());
    return { at: found?.at ?? point, isOn: found !== null };
  };
  const isClose = (a, b) => a && b && Math.hypot(a[0] - b[0], a[1] - b[1]) * 2 ** desk.map.getZoom() < CLOSE_PX;

  function clear() {
    points = [];
    isSent = false;
    desk.tell();
    desk.repaint();
  }

  async function finish() {
    if (points.length < least || isSent) return;
    isSent = true;
    desk.repaint();
    await done(points);
    clear();
  }

  return {
    key,
    cursor: "crosshair",
    hint: () => (points.length >= least ? `tool.${key}_end_hint` : points.length ? `tool.${key}_on_hint` : `tool.${key}_hint`),
    hover(point) {
      pointer = point && snapped(point);
      desk.repaint();
    },
    click(point) {
      if (isSent) return;
      const { at } = snapped(point);
      if (isClose(points.at(-1), at)) return points.length >= least ? finish() : undefined;
      if (isClosed && points.length >= least && isClose(points[0], at)) return finish();
      points.push(at);
      desk.tell();
      desk.repaint();
    },
    pick: () => (points.length >= least ? finish() : clear()),
    keydown(event) {
      if (event.key === "Enter" && points.length) finish();
      else if (event.key === "Backspace" && points.length && !isSent) {
        points.pop();
        desk.tell();
        desk.repaint();
      } else return false;
      return true;
    },
    escape: () => (points.length ? clear() : desk.choose([])),
    leave: clear,
    paint(context, view) {
      const line = pointer && !isSent ? [...points, pointer.at] : points;
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
      if (pointer?.isOn && !isSent) dot(context, view.at(pointer.at), 6, "rgba(255,255,255,.7)", MARK, 2.4);
    },
  };
}

/** Make the tool that cuts grids by a line, the chosen ones or all that it crosses. */
export const splitTool = (desk) =>
  lineTool(desk, {
    key: "split",
    least: 2,
    done: (points) => {
      const keys = (desk.chosen.size ? desk.chosenLeaves() : crossed(desk, points)).map(({ key }) => key);
      return keys.length ? desk.run({ kind: "split", line: points.map(toDegrees), into: desk.options.into, keys }) : desk.refuse("refusal.crosses_none");
    },
  });

/** Make the tool that leads the border between two grids along a new line. */
export const reshapeTool = (desk) =>
  lineTool(desk, {
    key: "reshape",
    least: 2,
    done: (points) => {
      const shared = bordersOf(desk, points);
      if (!shared.length) return desk.refuse("refusal.not_on_border");
      const [key, other = null] = shared.map((unit) => unit.key);
      return desk.run({ kind: "reshape", key, other, line: points.map(toDegrees) });
    },
  });

/** Make the tool that draws a new grid in undrawn land. */
export const drawTool = (desk) => lineTool(desk, { key: "draw", least: 3, isClosed: true, done: (points) => desk.askAndDraw(points.map(toDegrees)) });

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

/** Give the one or two leaves whose border the line begins and ends on; of more, chosen ones come first. */
function bordersOf(desk, points) {
  const reach = SNAP_PX / 2 ** desk.map.getZoom();
  const [first, last] = [points[0], points.at(-1)].map((point) => nearestBorder(desk.draft, point, reach)?.units ?? []);
  const shared = first.filter((unit) => last.includes(unit) && !unit.is_frozen);
  return shared.sort((a, b) => Number(desk.isChosen(b)) - Number(desk.isChosen(a))).slice(0, 2);
}
