// Places as the page draws them: world coordinates are Web Mercator at zoom 0, 256 pixels wide; y grows southward.

const WORLD = 256;
const RADIUS_M = 6378137;

/** Give the world coordinates of a longitude and latitude in degrees. */
export function toWorld(lon, lat) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [((lon + 180) / 360) * WORLD, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * WORLD];
}

/** Give longitude and latitude of world coordinates, on the lattice of 1e-7 degrees. */
export function toDegrees([x, y]) {
  const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / WORLD))) * 180) / Math.PI;
  return [Number(((x / WORLD) * 360 - 180).toFixed(7)), Number(lat.toFixed(7))];
}

/** Give the metres that one world unit is long at a world y. */
export const metresPerUnit = (y) => (2 * Math.PI * RADIUS_M) / WORLD / Math.cosh(Math.PI * (1 - (2 * y) / WORLD));

/** Give a polygon's or multipolygon's rings as flat arrays of world coordinates: polygons, rings, x y x y ... */
export function worldOf(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return polygons.map((rings) =>
    rings.map((ring) => {
      const flat = new Float64Array(ring.length * 2);
      ring.forEach(([lon, lat], i) => flat.set(toWorld(lon, lat), i * 2));
      return flat;
    }),
  );
}

/** Give the box (west, north, east, south in world coordinates) of polygons. */
export function boxOf(polygons) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [outer] of polygons) {
    for (let i = 0; i < outer.length; i += 2) {
      box[0] = Math.min(box[0], outer[i]);
      box[1] = Math.min(box[1], outer[i + 1]);
      box[2] = Math.max(box[2], outer[i]);
      box[3] = Math.max(box[3], outer[i + 1]);
    }
  }
  return box;
}

export const joinBoxes = (boxes) =>
  boxes.reduce((a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])], [Infinity, Infinity, -Infinity, -Infinity]);

export const boxesMeet = (a, b) => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

/** Tell whether a point lies in polygons; holes count as outside. */
export function covers(polygons, [x, y]) {
  return polygons.some((rings) => {
    let isInside = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y !== ring[j + 1] > y && x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) isInside = !isInside;
      }
    }
    return isInside;
  });
}

/** Give the area of a ring in world units, whatever its direction. */
function ringArea(ring) {
  let twice = 0;
  const [x0, y0] = ring;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    twice += (ring[j] - x0) * (ring[i + 1] - y0) - (ring[i] - x0) * (ring[j + 1] - y0);
  }
  return Math.abs(twice) / 2;
}

/** Give a point well inside polygons, for a label: the middle of the widest stretch of a few lines across the largest. */
export function labelPoint(polygons) {
  const rings = polygons.reduce((best, one) => (best && ringArea(best[0]) >= ringArea(one[0]) ? best : one), null);
  const [, north, , south] = boxOf([rings]);
  let best = { width: -1, at: [rings[0][0], rings[0][1]] };
  for (const share of [0.5, 0.42, 0.58, 0.33, 0.67]) {
    const y = north + (south - north) * share;
    const cuts = [];
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y !== ring[j + 1] > y) cuts.push(((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]);
      }
    }
    cuts.sort((a, b) => a - b);
    for (let i = 0; i + 1 < cuts.length; i += 2) {
      const width = (cuts[i + 1] - cuts[i]) * (share === 0.5 ? 1.15 : 1);
      if (width > best.width) best = { width, at: [(cuts[i] + cuts[i + 1]) / 2, y] };
    }
  }
  return best.at;
}

/** Give the nearest place on a segment and its distance. */
export function nearestOnSegment([x, y], ax, ay, bx, by) {
  const length = (bx - ax) ** 2 + (by - ay) ** 2;
  const share = length ? Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length)) : 0;
  const at = [ax + share * (bx - ax), ay + share * (by - ay)];
  return { at, share, distance: Math.hypot(at[0] - x, at[1] - y) };
}

/** Tell whether a segment touches polygons: an end lies in them, or it crosses an edge. */
export function segmentMeets(polygons, from, to) {
  if (covers(polygons, from) || covers(polygons, to)) return true;
  const side = (ax, ay, bx, by, cx, cy) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
  return polygons.some((rings) =>
    rings.some((ring) => {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        const a = side(from[0], from[1], to[0], to[1], ring[j], ring[j + 1]);
        const b = side(from[0], from[1], to[0], to[1], ring[i], ring[i + 1]);
        if (a === b) continue;
        if (side(ring[j], ring[j + 1], ring[i], ring[i + 1], from[0], from[1]) !== side(ring[j], ring[j + 1], ring[i], ring[i + 1], to[0], to[1])) return true;
      }
      return false;
    }),
  );
}
