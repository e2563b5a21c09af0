// The planner's desk: what is chosen, the tool in hand, and what happens to each step that is sent.

import { inLanguage } from "../api.js";
import { byId, el, toast } from "../dom.js";
import { askExport } from "../export_dialog.js";
import { moment, number, t } from "../format.js";
import { askPrint } from "../print_dialog.js";
import { Canvas } from "./canvas.js";
import { askAttributes, askDiscard, askMicroGrid } from "./dialogs.js";
import { painter } from "./drawing.js";
import { startFindings } from "./findings.js";
import { toDegrees } from "../geometry.js";
import { isTyping, wireGestures } from "./gestures.js";
import { startGridList } from "./grid_list.js";
import { Highlights } from "./highlights.js";
import { askImport } from "./import_dialog.js";
import { named } from "./names.js";
import { hush, isSaid, notice } from "./notice.js";
import { startPanel } from "./panel.js";
import { Plots } from "./plots.js";
import { askPublish } from "./publish.js";
import { startRemarks } from "./remarks.js";
import { makeRepair } from "./repair.js";
import { Snapping } from "./snapping.js";
import { startSteps } from "./steps.js";
import { offerOptions, showSnapping } from "./tool_options.js";
import { startToolbar } from "./toolbar.js";
import { brushTool } from "./tools/brush.js";
import { chooseTool } from "./tools/choose.js";
import { cornersTool } from "./tools/corners.js";
import { drawTool, reshapeTool, splitTool } from "./tools/lines.js";

const OTHERS_EVERY_MS = 8000;
const NO_TOOL = {};
const MAKERS = { brush: brushTool, choose: chooseTool, corners: cornersTool, split: splitTool, reshape: reshapeTool, draw: drawTool };

export class Desk {
  constructor({ map, draft, me, mayEdit }) {
    Object.assign(this, { map, draft, me, mayEdit });
    this.chosen = new Set();
    this.hovered = null;
    this.options = { into: "grids", paint: "plots" };
    this.plots = new Plots(map, draft, () => {
      this.tell();
      this.repaint();
    });
    this.snapping = new Snapping(map, draft, () => {
      this.tool.snapAgain?.();
      showSnapping(this.snapping);
      this.repaint();
    });
    this.below = new Canvas(painter(draft, this));
    this.highlights = new Highlights(this);
    this.above = new Canvas((context, view) => this._paintAbove(context, view), { padding: 0 });
    this.tools = Object.fromEntries(Object.entries(MAKERS).map(([key, make]) => [key, make(this)]));
    this.tool = this.tools.choose;
    this.overlay = null; // shown instead of the tool in hand: {paint, hint, close}
    this.repair = makeRepair(this);
    this.done = 0;
    this.undone = 0;
  }

  start() {
    this.map.addLayer(this.below);
    this.map.addLayer(this.above);
    this.panel = startPanel(["grids", "findings", "steps", "remarks"], (key) => key === "remarks" && this.remarks?.update());
    this.list = startGridList(this.panel.sections.grids, this);
    this.steps = startSteps(this.panel.sections.steps, this);
    this.findings = startFindings(this.panel.sections.findings, this);
    this.remarks = startRemarks(this.panel.sections.remarks, this);
    this.remarks.update();
    this.panel.open("grids");
    wireGestures(this.map, () => (this.overlay ? NO_TOOL : this.tool));
    this._startActs();
    if (this.mayEdit) this._startTools();
    this.draft.addEventListener("changed", ({ detail: keys }) => {
      if (keys.length) this.overlay?.close(); // what it shows is of the draft before
      this._changed();
    });
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
    const { publish_refusal: refusal } = this.draft.edition;
    if (this.isPlanned) this._sayWhen();
    else if (refusal) notice(t("draft.not_published", { reason: named(this.draft, inLanguage(refusal)) }));
  }

  get isPlanned() {
    return this.draft.edition.publish_at !== null;
  }

  /** Say that the draft waits for its time, and let her take that back; until then the server refuses changes. */
  _sayWhen() {
    const keepOpen = () => this.draft.keepOpen().then(() => location.reload(), this.fail);
    notice(t("draft.scheduled", { when: moment(new Date(this.draft.edition.publish_at)) }), this.mayEdit ? [[t("draft.unschedule"), keepOpen]] : []);
  }

  _startActs() {
    const act = (id, words, work, look = "plain") => el("button", { type: "button", class: `${look} small`, id, onclick: work }, words);
    const mayExport = this.me.permissions.includes("exports.read");
    byId("draft-acts").append(
      act("print", t("board.print_act"), () => askPrint(this.draft.edition)),
      ...(mayExport ? [act("export", t("files.export_act"), () => askExport(this.draft.edition))] : []),
      ...(this.mayEdit
        ? [
            act("import", t("files.import_act"), () => askImport(this)),
            act("discard", t("draft.discard"), () => askDiscard(this)),
            act("publish", t("draft.publish"), () => askPublish(this), "primary"),
          ]
        : []),
    );
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
    this.hold("brush");
  }

  /** Show now and then what others did meanwhile, before it gets in her way. */
  _watchOthers() {
    setInterval(async () => {
      if (document.hidden || this.draft.isBusy) return;
      if (this.isPlanned && (await this.draft.isPublished().catch(() => false))) return location.reload();
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
    this.overlay?.close();
    this.tool.leave?.();
    this.tool = this.tools[key];
    this.hovered = null;
    this.tool.hold?.();
    this.setCursor(this.tool.cursor);
    this._offerOptions();
    this.tell();
    this.repaint();
  }

  _offerOptions() {
    offerOptions(this, () => {
      this.tool.hold?.();
      this._offerOptions();
      this.tell();
      this.repaint();
    });
  }

  /** Say what the tool in hand does next, and which buttons can be used. */
  tell() {
    byId("hint").textContent = this._hint();
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

  _hint() {
    if (this.overlay) return t(this.overlay.hint);
    return this.mayEdit ? t(this.tool.hint(), this.tool.hintValues?.() ?? {}) : t("tool.view_hint");
  }

  /** Show something instead of the tool in hand, until null is laid. */
  lay(overlay) {
    this.overlay = overlay;
    this.below.repaint();
    this.repaint();
    this.tell();
  }

  /** Show something on the map while a dialog stands beside it. */
  layBeside({ paint, hint, box }, dialog) {
    this.lay({ paint, hint, close: () => dialog.close() });
    dialog.addEventListener("close", () => this.lay(null));
    this.showBeside(box, dialog);
  }

  /** Bring a box into that part of the map which a dialog leaves free. */
  showBeside(box, dialog) {
    const covered = Math.max(0, this.map.getContainer().getBoundingClientRect().right - dialog.getBoundingClientRect().left);
    this.map.fitBounds(boundsOf(box), { maxZoom: 17, animate: false, paddingTopLeft: [40, 40], paddingBottomRight: [covered + 40, 60] });
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

  /** Send an operation; give the keys that changed, or nothing where it was refused. */
  async run(operation) {
    if (this.isPlanned) return this._sayWhen();
    hush();
    try {
      const keys = await this.draft.apply(operation);
      this.stepped(t(`step.${operation.kind}`), keys);
      return keys;
    } catch (error) {
      this._refused(error, operation);
      return null;
    }
  }

  /** Undo or redo a step; tell whether it was done. */
  async step(which) {
    if (this.isPlanned) return this._sayWhen();
    hush();
    try {
      const keys = await this.draft[which]();
      this.stepped(t(`draft.${which}ne`), keys);
      return true;
    } catch (error) {
      this._refused(error, null, () => this.step(which));
      return false;
    }
  }

  async undoSteps(count) {
    for (let i = 0; i < count; i++) if (!(await this.step("undo"))) return;
  }

  /** Say what has been done, and show where. */
  stepped(words, keys) {
    byId("news").textContent = t("draft.did", { what: words });
    this.flash(keys);
    this.steps.update();
  }

  /** Say that a request has failed. */
  fail = (error) => notice(t("draft.refused", { reason: capitalised(named(this.draft, error.message)) }));

  _refused(error, operation, again = () => this.run(operation)) {
    this.repaint();
    if (error.others) return this.conflict(error.others, again);
    if (error.kind === "PlotCutsMicroGridError") return askMicroGrid(this, operation, error.members.choices);
    this.fail(error);
  }

  /** Say what others did first, and offer to do hers again. */
  conflict({ steps, keys }, again) {
    this.flash(keys, "others");
    this.steps.update();
    notice(t("draft.conflict", { what: this._said(steps) }), [
      [t("draft.again"), again],
      [t("draft.leave_it"), () => {}],
    ]);
  }

  _said(steps) {
    const last = steps.slice(-3);
    const one = ({ by, kind, how }) => t("draft.other_did", { who: by ?? t("draft.somebody"), what: ["undo", "redo"].includes(how) ? t(`draft.${how}ne`) : t(`step.${kind}`) });
    return last.map(one).join(t("account.and")) || t("draft.somebody");
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
  async askAndDraw(outline, snap_m) {
    const given = await askAttributes(this);
    if (given) await this.run({ kind: "draw", outline, snap_m, ...given });
  }

  /** Show units in another colour for a moment. */
  flash(keys, why = "own") {
    this.highlights.flash(keys, why);
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
      if (isSaid()) return hush();
      if (this.overlay) return this.overlay.close();
      this.tool.escape?.();
    } else if (!event.ctrlKey && !event.metaKey && event.key.toLowerCase() === "f") this.zoomTo(this.chosen.size ? [...this.chosen] : null);
    else if (this.tool.snaps && !event.ctrlKey && !event.metaKey && event.key.toLowerCase() === "a") this.snapping.toggle();
    else if ((event.key !== "Enter" || !event.target.closest?.("button, a, summary")) && this.tool.keydown?.(event)) event.preventDefault();
  }

  _paintAbove(context, view) {
    this.highlights.paint(context, view);
    this.findings?.paint(context, view);
    (this.overlay ?? this.tool).paint?.(context, view);
  }
}

const capitalised = (words) => words.charAt(0).toUpperCase() + words.slice(1);

function boundsOf([west, north, east, south]) {
  const [left, top] = toDegrees([west, north]);
  const [right, bottom] = toDegrees([east, south]);
  return [[bottom, left], [top, right]];
}
