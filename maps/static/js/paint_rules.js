// How the tiles look: paint rules from the bottom up. Only the worker reads them.

import { COMMUNITIES_FROM, FONT, GRIDS_FROM, INK, MICRO_GRIDS_FROM, STREETS_FROM } from "./style.js";

const { linear } = protomapsL;

/** A rule for a layer of the tiles while its group is switched on; `where` tells by its properties whether a feature is meant. */
const rule = (source, layer, group, look, { where = () => true, minzoom = 0, maxzoom = 99 } = {}) => ({
  source,
  layer,
  group,
  look,
  where,
  minzoom,
  maxzoom,
});
const base = (layer, look, options) => rule("base", layer, "base", look, options);
const grids = (layer, group, look, options) => rule("grids", layer, group, look, options);

// A look fills or strokes all features of a rule as one path: shared borders are stroked once, shared edges show no seam,
// and the canvas is filled once instead of thousands of times. Where there are thousands of borders their width is 1 at
// most: up to there Skia draws hairlines, without a GPU ten times as fast as what it has to outline and fill.
const fill = (colour, opacity = () => 1) => ({ fill: colour, opacity });
const line = (colour, stops, { opacity = 1, dash = [] } = {}) => ({
  stroke: colour,
  width: linear(stops),
  opacity: () => opacity,
  dash,
});
const isKind = (...kinds) => ({ kind }) => kinds.includes(kind);
const isUse = (use) => (props) => props.use === use;
const isLevel = (level) => (props) => props.level === level;

/** A grid's tint, by its kind. */
const tint = (kind, opacity, where) =>
  grids("grid", "grids", fill(INK[kind], (zoom) => opacity * (zoom >= 17 ? 0.7 : 1)), { minzoom: GRIDS_FROM, where });

const CASING = [
  ["lane", INK.streetEdge, [[14, 1.6], [16, 4.4], [19, 14]]],
  ["street", INK.streetEdge, [[12, 1.2], [14, 3.4], [16, 7.2], [19, 22]]],
  ["arterial", INK.arterialEdge, [[10, 1.4], [13, 3.4], [16, 10], [19, 30]]],
  ["motorway", INK.motorwayEdge, [[8, 1.4], [13, 4], [16, 11], [19, 34]]],
];
const SURFACE = [
  ["lane", INK.street, [[14, 0.8], [16, 3], [19, 12]]],
  ["street", INK.street, [[12, 0.6], [14, 2.2], [16, 5.8], [19, 20]]],
  ["arterial", INK.arterial, [[10, 0.7], [13, 2.2], [16, 8.4], [19, 28]]],
  ["motorway", INK.motorway, [[8, 0.8], [13, 2.8], [16, 9.4], [19, 32]]],
];

/** Give the paint rules, from the bottom up. */
export function paintRules() {
  return [
    ...["park", "riverside", "school", "hospital", "market", "business"].map((use) => base("plot", fill(INK[use]), { where: isUse(use) })),
    base("compound", fill(INK.compound)),
    tint("residential", 0.06, ({ kind }) => kind !== "dedicated" && kind !== "rural"),
    tint("dedicated", 0.14, isKind("dedicated")),
    tint("rural", 0.14, isKind("rural")),
    base("water", fill(INK.water)),
    base("building", { ...line(INK.buildingEdge, [[16, 0.6], [19, 0.6]]), fill: INK.building }, { minzoom: 16 }),
    base("street", line("#e6e0d4", [[15, 0.8], [19, 5]]), { where: isKind("path"), minzoom: 16 }),
    base("street", line(INK.rail, [[11, 0.8], [16, 2.2], [19, 4]]), { where: isKind("rail") }),
    ...[...CASING, ...SURFACE].map(([kind, colour, stops]) => base("street", line(colour, stops), { where: isKind(kind) })),
    grids("micro_grid", "micro_grids", line(INK.micro, [[15, 0.8], [16, 1], [19, 1.6]], { opacity: 0.8, dash: [5, 3] }), { minzoom: MICRO_GRIDS_FROM }),
    grids("grid", "grids", line(INK.grid, [[13, 0.8], [14, 1], [15, 1.6], [19, 3]], { opacity: 0.85 }), { minzoom: GRIDS_FROM }),
    ...divisionBorders(),
  ];
}

function divisionBorders() {
  const looks = [
    ["community", line(INK.community, [[10, 0.6], [12, 1], [13, 1.4], [16, 2.4], [19, 3.4]], { opacity: 0.55 }), COMMUNITIES_FROM],
    ["street", line(INK.community, [[9, 0.8], [13, 2], [19, 4]], { opacity: 0.75 }), STREETS_FROM],
    ["district", line(INK.district, [[6, 0.8], [12, 1.6], [19, 4]], { opacity: 0.6 }), 5],
    ["city", line(INK.district, [[4, 1], [12, 2.2], [19, 5]], { opacity: 0.7 }), 3],
  ];
  // A division's border is known and then part of the base map's tiles, or drawn from its grids and part of theirs.
  const tiles = [["base", "division"], ["grids", "outline"]];
  return looks.flatMap(([level, look, minzoom]) =>
    tiles.map(([source, layer]) => rule(source, layer, "divisions", look, { minzoom, where: isLevel(level) })),
  );
}
