// Places on borders: the corner or the stretch of border nearest to the pointer, and who shares it.

import { nearestOnSegment } from "../geometry.js";

/** Give the box around a point. */
export const around = ([x, y], reach) => [x - reach, y - reach, x + reach, y + reach];

/** Give every corner of units' rings near a point, as [x, y]; a corner shared by four comes once. */
export function cornersNear(units, point, reach) {
  const found = new Map();
  const [west, north, east, south] = around(point, reach);
  for (const { polygons } of units) {
    for (const ring of polygons.flat()) {
      for (let i = 0; i < ring.length; i += 2) {
        const [x, y] = [ring[i], ring[i + 1]];
        if (x >= west && x <= east && y >= north && y <= south) found.set(`${x} ${y}`, [x, y]);
      }
    }
  }
  return [...found.values()];
}

/** Give the corner within reach of a point, else the nearest place on a border, else null: {at, isCorner, units}. */
export function nearestBorder(draft, point, reach, { beside = true, without = [] } = {}) {
  const units = draft.near(around(point, reach)).filter((unit) => (beside || !unit.is_frozen) && !without.includes(unit));
  const far = (corner) => Math.hypot(corner[0] - point[0], corner[1] - point[1]);
  const corner = cornersNear(units, point, reach).sort((a, b) => far(a) - far(b))[0];
  if (corner && far(corner) <= reach) return { at: corner, isCorner: true, units: units.filter((unit) => hasCorner(unit, corner)) };
  let best = null;
  for (const unit of units) {
    for (const ring of unit.polygons.flat()) {
      for (let i = 0; i + 3 < ring.length; i += 2) {
        const { at, distance } = nearestOnSegment(point, ring[i], ring[i + 1], ring[i + 2], ring[i + 3]);
        if (distance <= reach && (!best || distance < best.distance - 1e-12)) {
          best = { at, distance, ends: [ring[i], ring[i + 1], ring[i + 2], ring[i + 3]] };
        }
      }
    }
  }
  return best && { at: best.at, distance: best.distance, isCorner: false, ends: best.ends, units: unitsAt(draft, best.at) };
}

/** Give the leaves whose borders pass a point, to a centimetre. */
export function unitsAt(draft, point) {
  const reach = 256 / 2 ** 32;
  return draft.near(around(point, reach)).filter(({ polygons }) =>
    polygons.flat().some((ring) => {
      for (let i = 0; i + 3 < ring.length; i += 2) {
        if (nearestOnSegment(point, ring[i], ring[i + 1], ring[i + 2], ring[i + 3]).distance <= reach) return true;
      }
      return false;
    }),
  );
}

const hasCorner = ({ polygons }, [x, y]) =>
  polygons.some((rings) =>
    rings.some((ring) => {
      for (let i = 0; i < ring.length; i += 2) if (ring[i] === x && ring[i + 1] === y) return true;
      return false;
    }),
  );

/** Give the corners that follow and precede a corner in the units that have it. */
export function neighboursOf(units, [x, y]) {
  const found = new Map();
  for (const ring of units.flatMap(({ polygons }) => polygons.flat())) {
    const count = ring.length / 2 - 1; // the last one repeats the first
    for (let i = 0; i < count; i++) {
      if (ring[i * 2] !== x || ring[i * 2 + 1] !== y) continue;
      for (const j of [(i + 1) % count, (i + count - 1) % count]) found.set(`${ring[j * 2]} ${ring[j * 2 + 1]}`, [ring[j * 2], ring[j * 2 + 1]]);
    }
  }
  return [...found.values()];
}
