// Which things lie near a place: boxes in a hash of square cells, for thousands of units and plots.

import { boxesMeet } from "../geometry.js";

const CELL = 256 / 2 ** 17; // about 300 m: a grid's size

/** An index of things with a `box` in world coordinates, by their key. */
export class Places {
  constructor() {
    this.cells = new Map();
    this.things = new Map();
  }

  set(key, thing) {
    this.delete(key);
    this.things.set(key, thing);
    for (const cell of cellsOf(thing.box)) {
      if (!this.cells.has(cell)) this.cells.set(cell, new Set());
      this.cells.get(cell).add(key);
    }
  }

  delete(key) {
    const thing = this.things.get(key);
    if (!thing) return;
    this.things.delete(key);
    for (const cell of cellsOf(thing.box)) this.cells.get(cell)?.delete(key);
  }

  /** Give the things whose boxes meet a box. */
  near(box) {
    const all = [...this.things.values()];
    const wanted = (box[2] - box[0]) * (box[3] - box[1]) > CELL * CELL * Math.max(16, all.length / 4) ? null : cellsOf(box);
    if (!wanted) return all.filter((thing) => boxesMeet(thing.box, box));
    const keys = new Set();
    for (const cell of wanted) for (const key of this.cells.get(cell) ?? []) keys.add(key);
    return [...keys].map((key) => this.things.get(key)).filter((thing) => boxesMeet(thing.box, box));
  }
}

function cellsOf([west, north, east, south]) {
  const cells = [];
  for (let x = Math.floor(west / CELL); x <= Math.floor(east / CELL); x++) {
    for (let y = Math.floor(north / CELL); y <= Math.floor(south / CELL); y++) cells.push(x * 4194304 + y);
  }
  return cells;
}
