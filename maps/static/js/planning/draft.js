// A draft as the page knows it: its units at one revision, their figures, and the steps that it sends, one at a time.

import { RequestError, change, get, remove, upload } from "../api.js";
import { boxOf, covers, joinBoxes, labelPoint, worldOf } from "../geometry.js";
import { Places } from "./places.js";

export const MANY = 422; // more than 2,000 things in a box
const MANY_UNITS = 2000;
export const LONG_MS = 60000;
const BESIDE_DEG = 0.004; // neighbours are shown this far beyond the draft's own land

/** Fires "changed" (detail: keys), "busy" (detail: whether), "stale" (detail: what others did). */
export class Draft extends EventTarget {
  constructor(edition) {
    super();
    this.edition = edition;
    this.path = `/api/v1/drafts/${edition.id}`;
    this.revision = edition.draft_revision;
    this.units = new Map();
    this.figures = new Map();
    this.limits = null;
    this.places = new Places();
    this.outlines = new Map();
    this.previewed = new Map();
    this.names = new Map(); // of units that are gone, too
    this.underway = 0;
    this.queue = Promise.resolve();
  }

  /** Read the draft's units and those beside it; the figures come after them. */
  async load() {
    const own = await this._own();
    this.units.clear();
    this.places = new Places();
    this.outlines.clear();
    this.revision = own.draft_revision;
    for (const feature of own.features) this._put(feature);
    await this._loadBeside();
    this._tell([...this.units.keys()]);
  }

  /** Read the figures of all units; of a whole city they take some seconds. */
  async loadFigures() {
    const { figures, limits, draft_revision: revision } = await get(`${this.path}/figures`, {}, undefined, LONG_MS);
    if (revision < this.revision) return this.loadFigures(); // a step was made meanwhile
    this.figures = new Map(figures.map((figure) => [figure.key, figure]));
    this.limits = limits;
    this._tell([]);
  }

  /** Read the own units, in as many answers as the server makes of them. */
  async _own() {
    const features = [];
    let revision = null;
    let after = "";
    while (after !== null) {
      const answer = await get(`${this.path}/units`, { after }, undefined, LONG_MS);
      if (revision !== null && answer.draft_revision !== revision) return this._own(); // changed meanwhile: once more
      revision = answer.draft_revision;
      features.push(...answer.features);
      after = answer.next;
    }
    return { draft_revision: revision, features };
  }

  /** Read the leaves beside the own land; where it is so large that they are too many, it is shown without. */
  async _loadBeside() {
    const bounds = this.bounds();
    if (!bounds || this.units.size > MANY_UNITS) return;
    const [west, south, east, north] = bounds;
    const bbox = [west - BESIDE_DEG, south - BESIDE_DEG, east + BESIDE_DEG, north + BESIDE_DEG].map((value) => value.toFixed(7)).join(",");
    try {
      const beside = await get(`${this.path}/units`, { bbox });
      for (const feature of beside.features) if (feature.properties.is_frozen) this._put(feature);
    } catch (error) {
      if (error.status !== MANY) throw error;
    }
  }

  _put({ id, geometry, properties }) {
    const unit = { key: id, ...properties, geometry, polygons: null, box: null, label: null };
    if (geometry) {
      unit.polygons = worldOf(geometry);
      unit.box = boxOf(unit.polygons);
      unit.label = labelPoint(unit.polygons);
      this.places.set(id, unit);
    } else {
      this.places.delete(id);
    }
    this.units.set(id, unit);
    this.names.set(id, unit.name);
  }

  _take({ draft_revision: revision, changed, removed, figures = [] }) {
    // A unit beside the draft leaves it when the corner that it got is undone; on the ground it stays.
    const gone = removed.filter((key) => !this.units.get(key)?.is_frozen);
    const keys = new Set(gone);
    for (const key of gone) {
      this.places.delete(key);
      this.units.delete(key);
      this.figures.delete(key);
    }
    for (const feature of changed) {
      this._put(feature);
      keys.add(feature.id);
    }
    for (const figure of figures) this.figures.set(figure.key, figure);
    this.outlines.clear();
    this.revision = revision;
    this._tell([...keys]);
    return [...keys];
  }

  _tell(keys) {
    this.dispatchEvent(new CustomEvent("changed", { detail: keys }));
  }

  /** Show units with other borders, by their keys, until the next call; nothing is sent. */
  preview(borders = new Map()) {
    for (const [unit, polygons] of this.previewed) unit.polygons = polygons;
    this.previewed.clear();
    for (const [key, polygons] of borders) {
      const unit = this.units.get(key);
      if (!unit?.polygons) continue;
      this.previewed.set(unit, unit.polygons);
      unit.polygons = polygons;
    }
    this.outlines.clear();
  }

  /** Give the draft's own grids, by code. */
  grids() {
    const own = [...this.units.values()].filter((unit) => !unit.is_frozen && !unit.parent_key);
    const order = (unit) => [unit.code === null, unit.code ?? unit.key];
    return own.sort((a, b) => order(a)[0] - order(b)[0] || order(a)[1].localeCompare(order(b)[1], "en", { numeric: true }));
  }

  /** Give the leaves of a unit: itself, or of a divided grid its micro-grids and its rest. */
  leavesOf(key) {
    const unit = this.units.get(key);
    if (!unit) return [];
    if (unit.polygons) return [unit];
    return [...this.units.values()].filter(({ parent_key: parent }) => parent === key);
  }

  /** Give the grid that a unit is part of: itself, or the grid of a micro-grid or rest. */
  gridOf(unit) {
    return this.units.get(unit.parent_key) ?? unit;
  }

  /** Give the own leaf at a place, or with `frozen` any. */
  leafAt(point, frozen = false) {
    const found = this.places.near([point[0], point[1], point[0], point[1]]).filter((unit) => covers(unit.polygons, point));
    return found.find((unit) => !unit.is_frozen) ?? (frozen ? found[0] : undefined) ?? null;
  }

  /** Give the leaves, own and beside, whose boxes meet a box in world coordinates. */
  near(box) {
    return this.places.near(box);
  }

  /** Give the outline of a grid as flat segments: the edges that only one of its leaves has. */
  outlineOf(grid) {
    if (!this.outlines.has(grid.key)) this.outlines.set(grid.key, outline(this.leavesOf(grid.key)));
    return this.outlines.get(grid.key);
  }

  /** Give the box of units in world coordinates, of all own ones without keys; null where there is no land. */
  boxOf(keys = null) {
    const units = keys ? keys.flatMap((key) => this.leavesOf(key)) : [...this.units.values()].filter((unit) => unit.polygons && !unit.is_frozen);
    return units.length ? joinBoxes(units.map(({ box }) => box)) : null;
  }

  /** Give west, south, east, north of the own land in degrees; null where there is none. */
  bounds() {
    const own = [...this.units.values()].filter((unit) => unit.polygons && !unit.is_frozen);
    if (!own.length) return null;
    const bounds = [Infinity, Infinity, -Infinity, -Infinity];
    for (const { geometry } of own) {
      for (const [outer] of geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates) {
        for (const [lon, lat] of outer) {
          if (lon < bounds[0]) bounds[0] = lon;
          if (lat < bounds[1]) bounds[1] = lat;
          if (lon > bounds[2]) bounds[2] = lon;
          if (lat > bounds[3]) bounds[3] = lat;
        }
      }
    }
    return bounds;
  }

  /** Tell how many leaves and divided grids are new, changed and gone since the draft was opened. */
  async difference() {
    const { changed, removed } = await get(`${this.path}/changes`, { since: 0 }, undefined, LONG_MS);
    const own = changed.filter(({ properties }) => !properties.is_frozen);
    const made = own.filter(({ properties }) => properties.is_new).length;
    return { made, changed: own.length - made, gone: removed.filter((key) => !key.startsWith("new-")).length };
  }

  /** Apply an operation; give the keys that changed. Others wait until it is answered. */
  apply(operation) {
    return this._inTurn(async () => this._take(await change("POST", `${this.path}/operations`, this.revision, operation, LONG_MS)));
  }

  undo() {
    return this._inTurn(async () => this._take(await change("POST", `${this.path}/undo`, this.revision, {}, LONG_MS)));
  }

  redo() {
    return this._inTurn(async () => this._take(await change("POST", `${this.path}/redo`, this.revision, {}, LONG_MS)));
  }

  /** Give the revision that all that was asked before leaves. */
  settled() {
    return this.queue.then(() => this.revision);
  }

  /** Publish the revision that she has seen, now or at an instant; warnings are accepted by their keys. */
  publish(seen, accept, at = null) {
    return this._inTurn(() => change("POST", `${this.path}/publish`, seen, { accept, ...(at ? { at } : {}) }, LONG_MS), seen);
  }

  /** Take back that it is to be published at a time. */
  keepOpen() {
    return this._inTurn(() => change("DELETE", `${this.path}/publish`, this.revision));
  }

  /** Repeat the steps on the borders of today. */
  rebase(dropFailing) {
    return this._inTurn(() => change("POST", `${this.path}/rebase`, this.revision, { drop_failing: dropFailing }, LONG_MS));
  }

  /** Make the draft hold what a file holds; give the keys that changed. */
  importFile(file) {
    return this._inTurn(async () => {
      await upload("POST", `${this.path}/import`, file, this.revision);
      return (await this.catchUp()).keys;
    });
  }

  /** Tell whether its time has come. */
  async isPublished() {
    return (await get(`/api/v1/editions/${this.edition.id}`)).status === "published";
  }

  /** Throw away the revision that she has seen. */
  discard(seen) {
    return this._inTurn(() => remove(this.path, seen), seen);
  }

  /** Read what others did since a revision, by default ours, and take it; gives the steps and the keys that changed. */
  async catchUp(since = this.revision) {
    const answer = await get(`${this.path}/changes`, { since }, undefined, LONG_MS);
    if (answer.draft_revision <= since) return { steps: [], keys: [] };
    return { steps: answer.steps, keys: this._take(answer) };
  }

  /** Read what others did, after all that was asked before. */
  watch() {
    const mine = this.queue.then(() => this.catchUp());
    this.queue = mine.catch(() => {});
    return mine;
  }

  /** Do the work after all that was asked before it; on a stale revision tell what others did since it and refuse. */
  _inTurn(work, seen = null) {
    this._setBusy(1);
    const mine = this.queue.then(work).catch(async (error) => {
      if (error instanceof RequestError && error.status === 412) error.others = await this.catchUp(seen ?? this.revision);
      throw error;
    });
    this.queue = mine.catch(() => {});
    return mine.finally(() => this._setBusy(-1));
  }

  _setBusy(by) {
    const before = this.underway > 0;
    this.underway += by;
    if (before !== this.underway > 0) this.dispatchEvent(new CustomEvent("busy", { detail: this.underway > 0 }));
  }

  get isBusy() {
    return this.underway > 0;
  }
}

function outline(leaves) {
  const edges = new Map();
  for (const { polygons } of leaves) {
    for (const ring of polygons.flat()) {
      for (let i = 0; i + 3 < ring.length; i += 2) {
        const [ax, ay, bx, by] = [ring[i], ring[i + 1], ring[i + 2], ring[i + 3]];
        const key = ax < bx || (ax === bx && ay < by) ? `${ax} ${ay} ${bx} ${by}` : `${bx} ${by} ${ax} ${ay}`;
        if (edges.has(key)) edges.delete(key);
        else edges.set(key, [ax, ay, bx, by]);
      }
    }
  }
  return Float64Array.from([...edges.values()].flat());
}
