// How the map looks: one palette, paint rules from the bottom up, label rules from the most important down.

import { page } from "./format.js";

export const FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif';

export const INK = {
  land: "#f6f4ef",
  water: "#c3dcea",
  waterLabel: "#4f7f9f",
  park: "#dcebd0",
  riverside: "#e3eed8",
  school: "#f5ead2",
  hospital: "#f6dfdd",
  market: "#efe6f3",
  business: "#e9e8f2",
  compound: "#efece5",
  building: "#e2dcd1",
  buildingEdge: "#d2c9ba",
  street: "#ffffff",
  streetEdge: "#ddd6c9",
  arterial: "#fff3cf",
  arterialEdge: "#e6cf94",
  motorway: "#f9d9a0",
  motorwayEdge: "#d9aa55",
  rail: "#a9a59d",
  streetLabel: "#7a7264",
  grid: "#2a6f97",
  gridLabel: "#1b4965",
  micro: "#6a9fbf",
  microLabel: "#3d708f",
  residential: "#2a6f97",
  dedicated: "#8a5a9e",
  rural: "#5a8f4d",
  community: "#5b5560",
  communityLabel: "#3a3540",
  district: "#7a3b52",
  districtLabel: "#5d2940",
  halo: "rgba(255,255,255,0.92)",
};

// Map zooms. The tiles themselves begin one zoom lower, since they are made for 512 pixels.
export const GRIDS_FROM = 13;
export const MICRO_GRIDS_FROM = 15;
const COMMUNITIES_FROM = 10;
const STREETS_FROM = 9;

/** What the map shows; the layer list switches these. */
export const shown = { base: true, divisions: true, grids: true, micro_grids: true };

const { PolygonSymbolizer, LineSymbolizer, LineLabelSymbolizer, linear } = protomapsL;

/** A rule that paints or labels a tile layer while its group is switched on. */
const rule = (dataSource, dataLayer, group, symbolizer, { filter = () => true, ...zooms } = {}) => ({
  dataSource,
  dataLayer,
  symbolizer,
  ...zooms,
  filter: (zoom, feature) => shown[group] && filter(zoom, feature),
});
const base = (layer, symbolizer, options) => rule("base", layer, "base", symbolizer, options);
const grids = (layer, group, symbolizer, options) => rule("grids", layer, group, symbolizer, options);

const fill = (colour, opacity = 1) => new PolygonSymbolizer({ fill: colour, opacity });
const line = (color, stops, options = {}) =>
  new LineSymbolizer({ color, width: linear(stops), lineCap: "round", lineJoin: "round", ...options });
const isKind = (...kinds) => (_, feature) => kinds.includes(feature.props.kind);
const isUse = (use) => (_, feature) => feature.props.use === use;
const isLevel = (level) => (_, feature) => feature.props.level === level;

/** The outline of a polygon, without a fill. */
class Border {
  constructor(colour, stops, opacity = 1, dash = []) {
    Object.assign(this, { colour, width: linear(stops), opacity, dash });
  }

  draw(ctx, geom, zoom) {
    ctx.globalAlpha = this.opacity;
    ctx.strokeStyle = this.colour;
    ctx.lineWidth = this.width(zoom);
    ctx.lineJoin = "round";
    ctx.setLineDash(this.dash);
    ctx.beginPath();
    for (const ring of geom) ring.forEach((point, i) => (i ? ctx.lineTo(point.x, point.y) : ctx.moveTo(point.x, point.y)));
    ctx.stroke();
    ctx.setLineDash([]);
  }
}

/** A grid's tint, by its kind. */
const tint = new PolygonSymbolizer({
  fill: (_, feature) => INK[feature.props.kind] ?? INK.residential,
  opacity: (zoom, feature) => (feature.props.kind === "residential" ? 0.06 : 0.14) * (zoom >= 17 ? 0.7 : 1),
});

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
    ...["park", "riverside", "school", "hospital", "market", "business"].map((use) => base("plot", fill(INK[use]), { filter: isUse(use) })),
    base("compound", fill(INK.compound)),
    grids("grid", "grids", tint, { minzoom: GRIDS_FROM }),
    base("water", fill(INK.water)),
    base("building", new PolygonSymbolizer({ fill: INK.building, stroke: INK.buildingEdge, width: 0.6 }), { minzoom: 16 }),
    base("street", line("#e6e0d4", [[15, 0.8], [19, 5]], { dash: undefined }), { filter: isKind("path"), minzoom: 16 }),
    base("street", line(INK.rail, [[11, 0.8], [16, 2.2], [19, 4]]), { filter: isKind("rail") }),
    ...CASING.map(([kind, colour, stops]) => base("street", line(colour, stops), { filter: isKind(kind) })),
    ...SURFACE.map(([kind, colour, stops]) => base("street", line(colour, stops), { filter: isKind(kind) })),
    grids("micro_grid", "micro_grids", new Border(INK.micro, [[15, 0.8], [19, 1.6]], 0.8, [5, 3]), { minzoom: MICRO_GRIDS_FROM }),
    grids("grid", "grids", new Border(INK.grid, [[13, 0.8], [15, 1.6], [19, 3]], 0.85), { minzoom: GRIDS_FROM }),
    ...divisionBorders(),
  ];
}

// A division's border is known and then part of the base map's tiles, or drawn from its grids and part of theirs.
const BORDERS = [["base", "division"], ["grids", "outline"]];
const NAMES = [["base", "division_label"], ["grids", "outline_label"]];

function divisionBorders() {
  const looks = [
    ["community", new Border(INK.community, [[10, 0.6], [13, 1.4], [16, 2.4], [19, 3.4]], 0.55), COMMUNITIES_FROM],
    ["street", new Border(INK.community, [[9, 0.8], [13, 2], [19, 4]], 0.75), STREETS_FROM],
    ["district", new Border(INK.district, [[6, 0.8], [12, 1.6], [19, 4]], 0.6), 5],
    ["city", new Border(INK.district, [[4, 1], [12, 2.2], [19, 5]], 0.7), 3],
  ];
  return looks.flatMap(([level, look, minzoom]) =>
    BORDERS.map(([source, layer]) => rule(source, layer, "divisions", look, { minzoom, filter: isLevel(level) })),
  );
}

/** Text of one or two lines with a halo, centred on a point. */
class PointLabel {
  constructor({ text, size, weight = 500, colour, haloWidth = 2.4, spacing = 0, padding = 4 }) {
    Object.assign(this, { text, size, weight, colour, haloWidth, spacing, padding });
  }

  place(layout, geom, feature) {
    const lines = this.text(layout.zoom, feature.props).filter(Boolean);
    if (!lines.length) return undefined;
    const size = typeof this.size === "function" ? this.size(layout.zoom) : this.size;
    const fonts = lines.map((_, i) => (i ? `400 ${Math.round(size * 0.82)}px ${FONT}` : `${this.weight} ${size}px ${FONT}`));
    const heights = lines.map((_, i) => (i ? size * 1.1 : size * 1.25));
    const width = Math.max(...lines.map((text, i) => textWidth(layout.scratch, fonts[i], text)));
    const height = heights.reduce((a, b) => a + b, 0);
    const anchor = geom[0][0];
    const box = {
      minX: anchor.x - width / 2 - this.padding,
      maxX: anchor.x + width / 2 + this.padding,
      minY: anchor.y - height / 2 - this.padding,
      maxY: anchor.y + height / 2 + this.padding,
    };
    const draw = (ctx) => {
      ctx.globalAlpha = 1;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineJoin = "round";
      ctx.strokeStyle = INK.halo;
      ctx.fillStyle = this.colour;
      ctx.lineWidth = this.haloWidth * 2;
      let y = -height / 2;
      lines.forEach((text, i) => {
        ctx.font = fonts[i];
        y += heights[i] / 2;
        ctx.strokeText(text, 0, y);
        ctx.fillText(text, 0, y);
        y += heights[i] / 2;
      });
    };
    return [{ anchor, bboxes: [box], draw }];
  }
}

const widths = new Map();

function textWidth(scratch, font, text) {
  const key = font + text;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 20000) widths.clear();
    scratch.font = font;
    width = scratch.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

const streetName = (size, width) =>
  new LineLabelSymbolizer({
    labelProps: ["name"],
    font: `400 ${size}px ${FONT}`,
    fill: INK.streetLabel,
    stroke: INK.halo,
    width,
    repeatDistance: 500,
    position: 2,
  });

const divisionName = (size, weight, colour) =>
  new PointLabel({ text: (_, props) => [props.name], size, weight, colour });

/** Give the label rules, from the most important down: where two collide the earlier one stays. */
export function labelRules() {
  const looks = [
    ["city", divisionName(17, 700, INK.districtLabel), 5, 8],
    ["district", divisionName(15, 600, INK.districtLabel), 8, 12],
    ["street", divisionName(13, 600, INK.communityLabel), 11, 12],
    ["community", divisionName(12, 500, INK.communityLabel), 12, 14],
  ];
  const rules = looks.flatMap(([level, look, minzoom, maxzoom]) =>
    NAMES.map(([source, layer]) => rule(source, layer, "divisions", look, { minzoom, maxzoom, filter: isLevel(level) })),
  );
  rules.push(
    grids(
      "grid_label",
      "grids",
      new PointLabel({
        text: (zoom, props) => [props.name, zoom >= 17 && props.name !== props.code ? props.code : ""],
        size: (zoom) => (zoom >= 16 ? 13 : 12),
        weight: 600,
        colour: INK.gridLabel,
      }),
      { minzoom: 15 },
    ),
    base("water_label", new PointLabel({ text: (_, props) => [props.name], size: 13, weight: 400, colour: INK.waterLabel, padding: 40 }), {
      minzoom: 13,
    }),
    base("street_label", streetName(12, 2), { minzoom: 14, filter: isKind("arterial", "motorway") }),
    base("street_label", streetName(11, 2), { minzoom: 15, filter: isKind("street") }),
    grids(
      "micro_grid_label",
      "micro_grids",
      new PointLabel({
        text: (zoom, props) => [props.name, zoom >= 18 && props.name !== props.code ? props.code : ""],
        size: 11,
        weight: 400,
        colour: INK.microLabel,
        haloWidth: 2,
      }),
      { minzoom: 16 },
    ),
    base("compound_label", new PointLabel({ text: (_, props) => [props.name], size: 11, weight: 400, colour: INK.streetLabel, haloWidth: 2 }), {
      minzoom: 16,
    }),
    base("street_label", streetName(11, 2), { minzoom: 17, filter: isKind("lane") }),
  );
  return rules;
}

export const LANG = page.language;
