// How names are set: label rules from the most important down. Only the worker reads them.

import { FONT, INK, LEVELS, shown } from "./style.js";

const { LineLabelSymbolizer } = protomapsL;

/** A rule of protomaps-leaflet that labels a layer of the tiles while its group is switched on. */
const rule = (dataSource, dataLayer, group, symbolizer, { where = () => true, ...zooms } = {}) => ({
  dataSource,
  dataLayer,
  symbolizer,
  ...zooms,
  filter: (_, feature) => shown[group] && where(feature.props),
});
const base = (layer, symbolizer, options) => rule("base", layer, "base", symbolizer, options);
const grids = (layer, group, symbolizer, options) => rule("grids", layer, group, symbolizer, options);
const isNamed = (level) => LEVELS.indexOf(level) <= LEVELS.indexOf(shown.names);
const isKind = (...kinds) => ({ kind }) => kinds.includes(kind);

/** Text of one or two lines with a halo, centred on a point. */
class PointLabel {
  constructor({ text, size, weight = 500, colour, haloWidth = 2.4, padding = 4 }) {
    Object.assign(this, { text, size, weight, colour, haloWidth, padding });
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

const waterName = (padding) => new PointLabel({ text: (_, props) => [props.name], size: 13, weight: 400, colour: INK.waterLabel, padding });

/** Give the label rules, from the most important down: where two collide the earlier one stays. */
export function labelRules() {
  const looks = [
    ["city", divisionName(17, 700, INK.districtLabel), 5, 8],
    ["district", divisionName(15, 600, INK.districtLabel), 8, 12],
    ["street", divisionName(13, 600, INK.communityLabel), 11, 12],
  ];
  const community = ["community", divisionName(12, 500, INK.communityLabel), 12, 14];
  // A division's border is known and then part of the base map's tiles, or drawn from its grids and part of theirs.
  const tiles = [["base", "division_label"], ["grids", "outline_label"]];
  const named = ([level, look, minzoom, maxzoom]) =>
    tiles.map(([source, layer]) => rule(source, layer, "divisions", look, { minzoom, maxzoom, where: (props) => props.level === level && isNamed(level) }));
  return [
    ...looks.flatMap(named),
    // Before the communities: a city without its river's name is hard to read.
    base("water_label", waterName(14), { minzoom: 13, maxzoom: 14 }),
    ...named(community),
    grids(
      "grid_label",
      "grids",
      new PointLabel({
        text: (zoom, props) => [props.name, zoom >= 17 && props.name !== props.code ? props.code : ""],
        size: (zoom) => (zoom >= 16 ? 13 : 12),
        weight: 600,
        colour: INK.gridLabel,
      }),
      { minzoom: 15, where: () => isNamed("grid") },
    ),
    base("water_label", waterName(40), { minzoom: 15 }),
    base("street_label", streetName(12, 2), { minzoom: 14, where: isKind("arterial", "motorway") }),
    base("street_label", streetName(11, 2), { minzoom: 15, where: isKind("street") }),
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
    base("street_label", streetName(11, 2), { minzoom: 17, where: isKind("lane") }),
  ];
}
