// Corners of borders: drag one, and every grid that shares it follows; drag a border to make one; Delete takes one out.

import { around, cornersNear, nearestBorder, neighboursOf, unitsAt } from "../borders.js";
import { traceLine } from "../canvas.js";
import { MARK } from "../drawing.js";
import { metresPerUnit, toDegrees } from "../../geometry.js";
import { markSnap, snapMetres } from "../snapping.js";

const REACH_PX = 9;
const SHOWN_PX = 90;
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

/** Make the tool. */
export function cornersTool(desk) {
  let near = null; // the corner or place on a border below the pointer
  let pointer = null;
  let held = null; // what is being dragged: {from, to, isNew, beside, units, place}; `place` is what `to` has snapped to
  let marked = null; // the corner that was clicked last, which Delete takes out

  const reach = () => REACH_PX / 2 ** desk.map.getZoom();
  const find = (point) => nearestBorder(desk.draft, point, reach(), { beside: false });

  /** Bring what is dragged to a point, or to what lies near it. */
  function bring(point) {
    held.under = point;
    held.place = desk.snapping.place(point, held.units);
    held.to = held.place.at;
    desk.repaint();
  }

  async function move({ from, to, isNew, place }) {
    const [start, end] = [toDegrees(from), toDegrees(to)];
    if (isNew && !(await desk.run({ kind: "insert_vertex", at: start }))) return false;
    const placed = isNew ? nearestBorder(desk.draft, from, reach()) : null;
    return desk.run({ kind: "move_vertex", start: placed ? toDegrees(placed.at) : start, end, snap_m: place ? snapMetres([place]) : 0 });
  }

  /** Mark the next corner of the chosen grids, so that borders can be moved without a pointer. */
  function walk(by) {
    const corners = ringsOf(desk.chosenLeaves());
    if (!corners.length) return false;
    const at = corners.findIndex(([x, y]) => marked?.[0] === x && marked[1] === y);
    held = null;
    marked = corners[at < 0 ? 0 : (at + by + corners.length) % corners.length];
    desk.showBox([...marked, ...marked]);
    desk.tell();
    desk.repaint();
    return true;
  }

  /** Take the marked corner some metres further; Enter sends it. */
  function nudge([east, south], metres) {
    const unit = metres / metresPerUnit(marked[1]);
    held ??= { from: marked, to: marked, isNew: false, place: null, beside: neighboursOf(unitsAt(desk.draft, marked), marked) };
    held.place = null; // by a metre she means a metre
    held.to = [held.to[0] + east * unit, held.to[1] + south * unit];
    desk.repaint();
    return true;
  }

  return {
    key: "corners",
    cursor: "default",
    snaps: true,
    hold: () => desk.snapping.use(true),
    hint: () => (marked ? "tool.corner_marked_hint" : "tool.corners_hint"),
    hover(point) {
      pointer = point;
      near = point && find(point);
      desk.setCursor(near ? "grab" : "default");
      desk.hover(point && desk.draft.leafAt(point));
    },
    press(point) {
      near = find(point);
      if (!near) return false;
      held = { from: near.at, to: near.at, isNew: !near.isCorner, units: near.units, place: null, beside: near.isCorner ? neighboursOf(near.units, near.at) : [near.ends.slice(0, 2), near.ends.slice(2)] };
      desk.setCursor("grabbing");
      return true;
    },
    drag: bring,
    snapAgain: () => held?.under && bring(held.under),
    async release(point, event, isClick) {
      const moved = held;
      desk.setCursor("default");
      if (isClick) {
        held = null;
        marked = moved.isNew ? null : moved.from;
        desk.tell();
        return;
      }
      marked = null;
      await move(moved); // the line stays as it was dragged until the server has answered
      if (held === moved) held = null;
      desk.repaint();
    },
    cancel() {
      held = null;
      desk.repaint();
    },
    click: (point, event) => desk.tools.choose.click(point, event),
    pick: (point) => desk.choosePlace(point),
    keydown(event) {
      if ([",", "."].includes(event.key)) return walk(event.key === "." ? 1 : -1);
      if (!marked) return false;
      if (event.altKey && ARROWS[event.key]) return nudge(ARROWS[event.key], event.shiftKey ? 10 : 1);
      if (event.key === "Enter" && held) {
        const moved = held;
        marked = null;
        move(moved).then(() => {
          if (held === moved) held = null;
          desk.repaint();
        });
      } else if (["Delete", "Backspace"].includes(event.key)) {
        desk.run({ kind: "delete_vertex", at: toDegrees(marked) });
        marked = held = null;
      } else return false;
      desk.tell();
      return true;
    },
    escape() {
      if (!marked) return desk.choose([]);
      marked = held = null;
      desk.tell();
      desk.repaint();
    },
    leave() {
      desk.snapping.use(false);
      near = held = marked = pointer = null;
    },
    paint(context, view) {
      const shown = desk.chosenLeaves();
      const corners = pointer ? cornersNear(desk.draft.near(around(pointer, SHOWN_PX / view.scale)).filter((unit) => !unit.is_frozen), pointer, SHOWN_PX / view.scale) : [];
      corners.push(...ringsOf(shown));
      for (const corner of corners) dot(context, view.at(corner), 3, "#ffffff", "#2f3a45", 1.4);
      if (marked) dot(context, view.at(marked), 6, MARK, "#ffffff", 2);
      if (near && !held) dot(context, view.at(near.at), near.isCorner ? 6 : 5, near.isCorner ? "#ffffff" : "rgba(255,255,255,.6)", MARK, 2.4);
      if (!held) return;
      desk.snapping.paint(context, view, held.to);
      context.beginPath();
      for (const neighbour of held.beside) traceLine(context, [neighbour, held.to], view);
      context.strokeStyle = MARK;
      context.lineWidth = 2.4;
      context.stroke();
      dot(context, view.at(held.to), 6, "#ffffff", MARK, 2.4);
      if (held.place) markSnap(context, view, held.place);
    },
  };
}

const ringsOf = (leaves) =>
  leaves.flatMap(({ polygons }) => polygons.flat().flatMap((ring) => Array.from({ length: ring.length / 2 - 1 }, (_, i) => [ring[i * 2], ring[i * 2 + 1]])));

export function dot(context, [x, y], radius, fill, stroke, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.stroke();
}
