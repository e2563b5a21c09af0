// The planner's desk: what is chosen, the tool in hand, and what happens to each step that is sent.

import { byId, el, toast } from "../dom.js";
import { moment, number, t } from "../format.js";
import { Canvas, trace } from "./canvas.js";
import { askAttributes, askDiscard, askMicroGrid } from "./dialogs.js";
import { MARK, painter } from "./drawing.js";
import { startFindings } from "./findings.js";
import { toDegrees } from "./geometry.js";
import { isTyping, wireGestures } from "./gestures.js";
import { startGridList } from "./grid_list.js";
import { startPanel } from "./panel.js";
import { Plots } from "./plots.js";
import { askPublish } from "./publish.js";
import { startSteps } from "./steps.js";
import { startToolbar } from "./toolbar.js";
import { brushTool } from "./tools/brush.js";
import { chooseTool } from "./tools/choose.js";
import { cornersTool } from "./tools/corners.js";
import { drawTool, reshapeTool, splitTool } from "./tools/lines.js";

const FLASH_MS = 2500;
const OTHERS_EVERY_MS = 8000;
const MAKERS = { brush: brushTool, choose: chooseTool, corners: cornersTool, split: splitTool, reshape: reshapeTool, draw: drawTool };

export class Desk {
  constructor({ map, draft, me, mayEdit }) {
    Object.assign(this, { map, draft, me, mayEdit });
    this.chosen = new Set();
    this.hovered = null;
    this.flashing = new Map();
    this.options = { into: "grids", paint: "plots" };
    this.plots = new Plots(map, draft, () => {
      this.tell();
      this.repaint();
    });
    this.below = new Canvas(painter(draft, this));
    this.above = new Canvas((context, view) => this._paintAbove(context, view), { padding: 0 });
    this.tools = Object.fromEntries(Object.entries(MAKERS).map(([key, make]) => [key, make(this)]));
    this.tool = this.tools.choose;
    this.done = 0;
    this.undone = 0;
  }

  start() {
    this.map.addLayer(this.below);
    this.map.addLayer(this.above);
    this.panel = startPanel(["grids", "findings", "steps"], () => {});
    this.list = startGridList(this.panel.sections.grids, this);
    this.steps = startSteps(this.panel.sections.steps, this);
    this.findings = startFindings(this.panel.sections.findings, this);
    this.panel.open("grids");
    wireGestures(this.map, () => this.tool);
    if (this.mayEdit) this._startTools();
    this.draft.addEventListener("changed", () => this._changed());
    let busyTimer = 0;
    this.draft.addEventListener("busy", ({ detail: isBusy }) => {
      clearTimeout(busyTimer);
      if (isBusy) busyTimer = setTimeout(() => (byId("busy").hidden = false), 120);
      else byId("busy").hidden = true;
      document.body.dataset.busy = String(isBusy);
    });
    document.addEventListener("keydown", (event) => this._keydown(event));
    this._changed();
    this.steps.update();
    this.findings.update(0);
    this._watchOthers();
    if (this.draft.edition.publish_at) this._sayWhen(new Date(this.draft.edition.publish_at));
  }

  /** Say that the draft waits for its time, and let her take that back; until then the server refuses changes. */
  _sayWhen(at) {
    const keepOpen = () => this.draft.keepOpen().then(() => location.reload(), this.fail);
    this.notice(t("draft.scheduled", { when: moment(at) }), this.mayEdit ? [[t("draft.unschedule"), keepOpen]] : []);
  }

  _startTools() {
    const hold = (key) => () => this.hold(key);
    const acts = Object.fromEntries(Object.keys(this.tools).map((key) => [key, hold(key)]));
    this.toolbar = startToolbar({
      ...acts,
      merge: () => this.run({ kind: "merge", keys: [...this.chosen] }),
      retire: () => this.retire(),
      number: () => this.run({ kind: "number" }),
      lock: () => this.lock(),
      undo: () => this.step("undo"),
      redo: () => this.step("redo"),
    });
    byId("draft-acts").append(
      el("button", { type: "button", class: "plain small", id: "discard", onclick: () => askDiscard(this) }, t("draft.discard")),
      el("button", { type: "button", class: "primary small", id: "publish", onclick: () => this.publish() }, t("draft.publish")),
    );
    this.hold("brush");
  }

  /** Show now and then what others did meanwhile, before it gets in her way. */
  _watchOthers() {
    setInterval(async () => {
      if (document.hidden || this.draft.isBusy) return;
      const others = await this.draft.watch().catch(() => null); // the next round tries again
      if (!others?.steps.length) return;
      this.flash(others.keys, "others");
      this.steps.update();
      toast(this._said(others.steps));
      byId("news").textContent = this._said(others.steps);
    }, OTHERS_EVERY_MS);
  }

  /** Take a tool in hand. */
  hold(key) {
    this.tool.leave?.();
    this.tool = this.tools[key];
    this.hovered = null;
    this.tool.hold?.();
    this.setCursor(this.tool.cursor);
    this._offerOptions();
    this.tell();
    this.repaint();
  }

  /** Offer what can be chosen of the tool in hand. */
  _offerOptions() {
    const offered = { split: ["into", ["grids", "micro_grids"]], brush: ["paint", ["plots", "micro_grids"]] }[this.tool.key];
    if (!offered) return byId("tool-options").replaceChildren();
    const [name, values] = offered;
    const choose = (value) => () => {
      this.options[name] = value;
      this.tool.hold?.();
      this._offerOptions();
      this.tell();
      this.repaint();
    };
    const choices = values.map((value) => el("button", { type: "button", "aria-pressed": String(this.options[name] === value), onclick: choose(value) }, t(`tool.${name}_${value}`)));
    byId("tool-options").replaceChildren(t(`tool.${name}`), el("span", { class: "choice", role: "group", "aria-label": t(`tool.${name}`) }, ...choices));
  }

  /** Say what the tool in hand does next, and which buttons can be used. */
  tell() {
    byId("hint").textContent = this.mayEdit ? t(this.tool.hint(), this.tool.hintValues?.() ?? {}) : t("tool.view_hint");
    const leaves = this.chosen.size;
    this.toolbar?.update(this.tool.key, {
      merge: leaves > 1,
      retire: leaves > 0,
      lock: leaves > 0,
      number: [...this.draft.units.values()].some((unit) => !unit.is_frozen && !unit.code && !unit.is_remainder),
      undo: this.done > 0,
      redo: this.undone > 0,
    });
  }

  setCursor(cursor) {
    this.map.getContainer().style.cursor = cursor;
  }

  repaint() {
    this.above.repaint();
  }

  hover(unit) {
    if (this.hovered === unit) return this.repaint();
    this.hovered = unit;
    this.repaint();
  }

  /** Choose units by their keys, in that order. */
  choose(keys) {
    this.chosen = new Set(keys);
    this.findings?.forget();
    this.below.repaint();
    this.repaint();
    this.list?.choose();
    this.tell();
  }

  chooseInList(key, isMore) {
    if (isMore) this.choose(this.chosen.has(key) ? [...this.chosen].filter((one) => one !== key) : [...this.chosen, key]);
    else this.choose([key]);
    const box = this.draft.boxOf([key]);
    if (box && !isMore) this.showBox(box);
  }

  /** Choose the grid at a place, whatever tool is in hand. */
  choosePlace(point) {
    const leaf = this.draft.leafAt(point);
    this.choose(leaf ? [this.draft.gridOf(leaf).key] : []);
  }

  isChosen(unit) {
    return this.chosen.has(unit.key) || this.chosen.has(unit.parent_key);
  }

  chosenLeaves() {
    return [...this.chosen].flatMap((key) => this.draft.leavesOf(key));
  }

  /** Bring units into sight, all without keys. */
  zoomTo(keys) {
    const box = this.draft.boxOf(keys);
    if (box) this.map.fitBounds(boundsOf(box), { maxZoom: 18, animate: false, padding: [40, 40] });
  }

  /** Bring a box into sight without changing the zoom where it fits. */
  showBox(box, closest = 16) {
    const bounds = L.latLngBounds(boundsOf(box));
    const isSmall = this.map.getZoom() < closest && closest > 16;
    if (isSmall || !this.map.getBounds().contains(bounds)) this.map.fitBounds(bounds, { maxZoom: Math.max(this.map.getZoom(), closest), animate: false, padding: [40, 40] });
  }

  /** Send an operation; give the keys that changed, or null where it was refused. */
  async run(operation) {
    this.hush();
    try {
      const keys = await this.draft.apply(operation);
      this._stepped(t(`step.${operation.kind}`), keys);
      return keys;
    } catch (error) {
      this._refused(error, operation);
      return null;
    }
  }

  /** Undo or redo a step. */
  async step(which) {
    this.hush();
    try {
      const keys = await this.draft[which]();
      this._stepped(t(`draft.${which}ne`), keys);
      return true;
    } catch (error) {
      this._refused(error, null, () => this.step(which));
      return false;
    }
  }

  async undoSteps(count) {
    for (let i = 0; i < count; i++) if (!(await this.step("undo"))) return;
  }

  _stepped(words, keys) {
    byId("news").textContent = t("draft.did", { what: words });
    this.flash(keys);
    this.steps.update();
  }

  /** Say that a request has failed. */
  fail = (error) => this.notice(t("draft.refused", { reason: this._named(error.message) }));

  /** Put units' names where a message has their keys. */
  _named(message) {
    const said = message.replace(/[\w./-]+/g, (word) => this.draft.units.get(word)?.name ?? word);
    return said.charAt(0).toUpperCase() + said.slice(1);
  }

  _refused(error, operation, again = () => this.run(operation)) {
    this.repaint();
    if (error.others) return this._conflict(error.others, operation, again);
    if (error.kind === "PlotCutsMicroGridError") return askMicroGrid(this, operation, error.members.choices);
    this.fail(error);
  }

  _conflict({ steps, keys }, operation, again) {
    this.flash(keys, "others");
    this.steps.update();
    this.notice(t("draft.conflict", { what: this._said(steps) }), [
      [t("draft.again"), again],
      [t("draft.leave_it"), () => {}],
    ]);
  }

  _said(steps) {
    const last = steps.slice(-3);
    const one = ({ by, kind, how }) => t("draft.other_did", { who: by ?? t("draft.somebody"), what: how === "apply" ? t(`step.${kind}`) : t(`draft.${how}ne`) });
    return last.map(one).join(t("account.and")) || t("draft.somebody");
  }

  /** Say something that must not be missed, with what can be done about it. */
  notice(words, choices = []) {
    const notice = byId("notice");
    const close = (work) => () => {
      this.hush();
      work();
    };
    notice.replaceChildren(
      el("p", {}, words),
      ...choices.map(([name, work]) => el("button", { type: "button", class: "plain small", onclick: close(work) }, name)),
      choices.length ? "" : el("button", { type: "button", class: "close", "aria-label": t("place.close"), onclick: close(() => {}) }, "×"),
    );
    notice.hidden = false;
  }

  refuse(key) {
    this.notice(t(key));
    return null;
  }

  hush() {
    byId("notice").hidden = true;
  }

  retire() {
    const names = [...this.chosen].map((key) => this.draft.units.get(key)?.name ?? key);
    const keys = [...this.chosen];
    toast(t("draft.retired", { names: names.join(t("account.and")) }));
    this.choose([]);
    return this.run({ kind: "retire", keys });
  }

  /** Lock the chosen units, or unlock them where all are locked. */
  lock() {
    const keys = [...this.chosen];
    const isLocked = keys.every((key) => this.draft.units.get(key)?.is_locked);
    return this.run({ kind: isLocked ? "unlock" : "lock", keys });
  }

  /** Ask for a new grid's name and kind, and draw it. */
  async askAndDraw(outline) {
    const given = await askAttributes(this);
    if (given) await this.run({ kind: "draw", outline, ...given });
  }

  publish() {
    askPublish(this);
  }

  /** Show units in another colour for a moment. */
  flash(keys, why = "own") {
    const until = performance.now() + (why === "others" ? 3 * FLASH_MS : FLASH_MS);
    for (const key of keys) this.flashing.set(key, { until, why });
    const fade = () => {
      const now = performance.now();
      for (const [key, one] of this.flashing) if (one.until <= now) this.flashing.delete(key);
      this.repaint();
      if (this.flashing.size) setTimeout(fade, 60);
    };
    fade();
  }

  showSteps(done, undone) {
    Object.assign(this, { done, undone });
    byId("draft-state").textContent = t(done ? "draft.state" : "draft.state_none", { steps: number(done) });
    this.tell();
  }

  _changed() {
    const gone = [...this.chosen].filter((key) => !this.draft.units.has(key));
    if (gone.length) this.choose([...this.chosen].filter((key) => this.draft.units.has(key)));
    this.below.repaint();
    this.repaint();
    this.list.update();
    this.findings?.update();
    this.tell();
  }

  _keydown(event) {
    if (isTyping(event)) return;
    if (event.key === "Escape") {
      if (!byId("notice").hidden) return this.hush();
      this.tool.escape?.();
    } else if (!event.ctrlKey && !event.metaKey && event.key.toLowerCase() === "f") this.zoomTo(this.chosen.size ? [...this.chosen] : null);
    else if ((event.key !== "Enter" || !event.target.closest?.("button, a, summary")) && this.tool.keydown?.(event)) event.preventDefault();
  }

  _paintAbove(context, view) {
    const now = performance.now();
    for (const [key, { until, why }] of this.flashing) {
      const unit = this.draft.units.get(key);
      if (!unit?.polygons) continue;
      context.beginPath();
      trace(context, unit.polygons, view);
      context.globalAlpha = Math.max(0, Math.min(1, (until - now) / FLASH_MS)) * (why === "others" ? 0.5 : 0.3);
      context.fillStyle = why === "others" ? "#c026d3" : "#ffd84d";
      context.fill("evenodd");
      context.globalAlpha = 1;
    }
    if (this.hovered?.polygons) {
      context.beginPath();
      for (const leaf of this.draft.leavesOf(this.draft.gridOf(this.hovered).key)) trace(context, leaf.polygons, view);
      context.fillStyle = "rgba(255, 255, 255, 0.22)";
      context.fill("evenodd");
    }
    this._paintChosen(context, view);
    this.findings?.paint(context, view);
    this.tool.paint?.(context, view);
  }

  _paintChosen(context, view) {
    if (!this.chosen.size) return;
    context.beginPath();
    for (const key of this.chosen) {
      const unit = this.draft.units.get(key);
      if (unit?.polygons) trace(context, unit.polygons, view);
      else if (unit) {
        const segments = this.draft.outlineOf(unit);
        for (let i = 0; i < segments.length; i += 4) {
          context.moveTo(...view.at([segments[i], segments[i + 1]]));
          context.lineTo(...view.at([segments[i + 2], segments[i + 3]]));
        }
      }
    }
    context.lineJoin = "round";
    context.strokeStyle = "#ffffff";
    context.lineWidth = 6;
    context.stroke();
    context.strokeStyle = MARK;
    context.lineWidth = 3;
    context.stroke();
  }
}

function boundsOf([west, north, east, south]) {
  const [left, top] = toDegrees([west, north]);
  const [right, bottom] = toDegrees([east, south]);
  return [[bottom, left], [top, right]];
}
