// In a worker: fetches and reads tiles, sets their labels and paints them to bitmaps, so that the page never waits.

import { labelRules } from "./label_rules.js";
import { paintRules } from "./paint_rules.js";
import { INK, shown } from "./style.js";

const { Labelers, PmtilesSource, TileCache } = protomapsL;

/** The side of a tile on the map, in CSS pixels: tile zoom z is drawn at map zoom z + 1. */
const SIDE = 512;
/** Labels of so many tiles are kept; more than fit on any screen, or tiles would take them from each other for ever. */
const LABELLED_TILES = 256;

const rules = paintRules();
const scratch = new OffscreenCanvas(1, 1).getContext("2d");
const addresses = new Map();
const caches = new Map(["base", "grids"].map((name) => [name, new TileCache(new PmtilesSource(sourceOf(name), true), SIDE)]));
const living = new Map(); // by id; at the edges of the world the same square may be there twice
let maxDataZoom = 0;
let labelers = newLabelers();
let isPainting = false;
let newestZoom = 0;

/** Begin, with what doesn't change. */
export function start(options) {
  maxDataZoom = options.maxDataZoom;
}

/** Point a source at other addresses; null: it has none. */
export function setAddress({ source, url, groups }) {
  Object.assign(shown, groups);
  addresses.set(source, url);
  caches.get(source).cache.clear();
}

/** Read and paint a tile, and again whenever a neighbour's labels reach into it, until it is dropped. */
export function add({ id, x, y, z, ratio }) {
  const tile = { id, x, y, z, ratio, prepared: null, isPainted: false, isDirty: false };
  living.set(id, tile);
  newestZoom = z;
  read(tile);
}

/** Forget a tile that the page has let go. */
export function drop({ id }) {
  living.delete(id);
}

/** Read and paint every tile anew: its address changed, or what is shown. */
export function repaint({ groups }) {
  Object.assign(shown, groups);
  labelers = newLabelers();
  for (const tile of living.values()) read(tile);
}

/** What protomaps-leaflet reads tiles from, in the place of its archive. */
function sourceOf(name) {
  return {
    async getZxy(z, x, y, signal) {
      const url = addresses.get(name);
      if (!url) return undefined;
      const answer = await fetch(url.replace("{z}", z).replace("{x}", x).replace("{y}", y), { signal });
      if (!answer.ok) throw new Error(`${answer.status} ${answer.url}`);
      return answer.status === 204 ? undefined : { data: await answer.arrayBuffer() };
    },
  };
}

function newLabelers() {
  return new Labelers(scratch, labelRules(), LABELLED_TILES, (invalid) => {
    // The labels' squares are of 256 pixels.
    for (const key of invalid) {
      const [x, y, z] = key.split(":").map(Number);
      for (const tile of living.values()) if (tile.prepared && tile.z === z && tile.x === x >> 1 && tile.y === y >> 1) markDirty(tile);
    }
  });
}

/** The square of tile data that a square of the map is cut from, with where and how large it is in the map's pixels. */
function dataOf({ x, y, z }) {
  const deeper = Math.max(0, z - 1 - maxDataZoom);
  const dataTile = { z: z - 1 - deeper, x: x >> deeper, y: y >> deeper };
  const dim = SIDE << deeper;
  return { z, dataTile, scale: 1 << deeper, dim, origin: { x: dataTile.x * dim, y: dataTile.y * dim } };
}

async function read(tile) {
  const asked = (tile.asked = {});
  const place = dataOf(tile);
  const parts = await Promise.all([...caches].map(([name, cache]) => part(name, cache, place, tile)));
  if (tile.asked !== asked || !living.has(tile.id)) return;
  tile.prepared = new Map(parts.filter(Boolean));
  markDirty(tile);
}

/** One source's part of a tile; where it can't be had the rest is painted without it. */
async function part(name, cache, place, tile) {
  try {
    return [name, [{ ...place, data: await cache.get(place.dataTile) }]];
  } catch (error) {
    if (error.name !== "AbortError") postMessage({ failed: name });
    // Given up for another zoom, to which the map has meanwhile come back.
    else if (living.has(tile.id) && tile.z === newestZoom) return part(name, cache, place, tile);
    return null;
  }
}

function markDirty(tile) {
  tile.isDirty = true;
  if (isPainting) return;
  isPainting = true;
  setTimeout(paintNext);
}

/** Paint one tile, those that show nothing yet first, and let messages in before the next. */
function paintNext() {
  const dirty = [...living.values()].filter((tile) => tile.isDirty);
  const tile = dirty.find(({ isPainted }) => !isPainted) ?? dirty[0];
  isPainting = Boolean(tile);
  if (!tile) return;
  labelers.add(tile.z, tile.prepared);
  tile.isDirty = false;
  tile.isPainted = true;
  const bitmap = paint(tile);
  postMessage({ id: tile.id, bitmap }, [bitmap]);
  setTimeout(paintNext);
}

function paint(tile) {
  const side = Math.round(SIDE * tile.ratio);
  const canvas = new OffscreenCanvas(side, side);
  const ctx = canvas.getContext("2d", { alpha: false });
  ctx.lang = "zh-CN"; // else some systems take the Japanese form of a character
  ctx.fillStyle = INK.land;
  ctx.fillRect(0, 0, side, side);
  ctx.scale(side / SIDE, side / SIDE);
  ctx.lineJoin = "round";
  const box = { minX: tile.x * SIDE, minY: tile.y * SIDE, maxX: (tile.x + 1) * SIDE, maxY: (tile.y + 1) * SIDE };
  for (const rule of rules) if (shown[rule.group] && rule.minzoom <= tile.z && tile.z <= rule.maxzoom) apply(ctx, rule, tile, box);
  for (const label of labelers.getIndex(tile.z).searchBbox(box, Infinity)) {
    ctx.save();
    ctx.translate(label.anchor.x - box.minX, label.anchor.y - box.minY);
    label.draw(ctx);
    ctx.restore();
  }
  return canvas.transferToImageBitmap();
}

function apply(ctx, { source, layer, look, where }, tile, box) {
  const [square] = tile.prepared.get(source) ?? [];
  const features = square?.data.get(layer);
  if (!features) return;
  const { scale } = square;
  const dx = square.origin.x - box.minX;
  const dy = square.origin.y - box.minY;
  const margin = 16; // of a stroke that begins outside
  ctx.beginPath();
  for (const { geom, bbox, props } of features) {
    if (bbox.maxX * scale + dx < -margin || bbox.minX * scale + dx > SIDE + margin) continue;
    if (bbox.maxY * scale + dy < -margin || bbox.minY * scale + dy > SIDE + margin) continue;
    if (!where(props)) continue;
    for (const ring of geom) {
      ctx.moveTo(ring[0].x * scale + dx, ring[0].y * scale + dy);
      for (let i = 1; i < ring.length; i += 1) ctx.lineTo(ring[i].x * scale + dx, ring[i].y * scale + dy);
    }
  }
  ctx.globalAlpha = look.opacity(tile.z);
  if (look.fill) {
    ctx.fillStyle = look.fill;
    ctx.fill();
  }
  if (look.stroke) {
    ctx.strokeStyle = look.stroke;
    ctx.lineWidth = look.width(tile.z);
    ctx.lineCap = look.dash.length ? "butt" : "round";
    ctx.setLineDash(look.dash);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}
