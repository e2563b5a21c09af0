// The panel's checks: what is wrong or doubtful, where, and waiving it with a reason.

import { change, get, remove } from "../api.js";
import { field, openDialog } from "../dialog.js";
import { el } from "../dom.js";
import { ago, number, page, t } from "../format.js";
import { LONG_MS } from "./draft.js";
import { toWorld } from "../geometry.js";
import { named } from "./names.js";

const WAIT_MS = 600;
const SEVERITIES = ["error", "warning", "not_checked"];

/** Show the findings in a section of the panel; gives `update()`, and `painted(context, view)` marks the one in hand. */
export function startFindings(section, desk) {
  const lead = el("p", { class: "panel-lead", role: "status" });
  const repairAll = el("button", { type: "button", class: "plain small repair-all", hidden: true });
  const rows = el("ul", { class: "finding-rows", id: "finding-rows" });
  section.append(lead, repairAll, rows);
  let timer = 0;
  let asked = 0;
  let shown = null;
  let known = new Map();

  function update(wait = WAIT_MS) {
    clearTimeout(timer);
    timer = setTimeout(load, wait);
  }

  async function load() {
    const mine = ++asked;
    section.setAttribute("aria-busy", "true");
    const answer = await get(`${desk.draft.path}/findings`, {}, undefined, LONG_MS).catch((error) => error);
    if (mine !== asked) return;
    section.removeAttribute("aria-busy");
    if (answer instanceof Error) return rows.replaceChildren(el("li", { class: "failed", role: "alert" }, answer.message));
    show(answer);
  }

  function show({ findings, counts }) {
    known = new Map(findings.map((finding) => [finding.key, finding]));
    offerRepairs(findings.filter(({ can_repair: can, waiver }) => can && !waiver).map(({ key }) => key));
    const open = findings.filter(({ waiver }) => !waiver);
    const order = ({ waiver, touched, severity }) => (waiver ? 10 : 0) + (touched ? 0 : 4) + SEVERITIES.indexOf(severity);
    lead.textContent = t(findings.length ? "draft.findings_lead" : "draft.findings_none", { error: number(counts.error), warning: number(counts.warning), not_checked: number(counts.not_checked), waived: number(counts.waived) });
    rows.replaceChildren(...[...findings].sort((a, b) => order(a) - order(b)).map(findingRow));
    const count = open.filter(({ severity, touched }) => touched && severity !== "not_checked").length;
    const isError = open.some(({ severity, touched }) => touched && severity === "error");
    desk.panel.mark("findings", count ? number(count) : "", isError ? "error" : "warning");
  }

  /** Offer to mend several at once. */
  function offerRepairs(keys) {
    const words = t("repair.all", { count: number(keys.length) });
    repairAll.hidden = !desk.mayEdit || keys.length < 2;
    repairAll.textContent = words;
    repairAll.onclick = () => desk.repair.open(keys, t("repair.several", { count: number(keys.length) }));
  }

  function findingRow(finding) {
    const { key, severity, waiver, touched } = finding;
    return el(
      "li",
      { class: `finding ${severity}${waiver ? " waived" : ""}`, "data-finding": key },
      el(
        "button",
        { type: "button", class: "finding-go", onclick: () => go(finding) },
        el("span", { class: `severity ${severity}` }, t(waiver ? "draft.waived" : `draft.severity_${severity}`)),
        el("span", { class: "finding-what" }, messageOf(finding, desk)),
        waiver || touched ? null : el("small", {}, t("draft.untouched_finding")),
      ),
      waiver ? el("p", { class: "waiver" }, [waiver.by, ago(new Date(waiver.at))].filter(Boolean).join(" · "), el("q", {}, waiver.reason)) : null,
      desk.mayEdit && severity !== "not_checked" ? el("span", { class: "finding-acts" }, finding.can_repair && !waiver ? repairButton(finding) : null, waiveButton(finding)) : null,
    );
  }

  const repairButton = (finding) => el("button", { type: "button", class: "link", onclick: () => desk.repair.open([finding.key], messageOf(finding, desk)) }, t("repair.open"));

  function waiveButton(finding) {
    const path = `${desk.draft.path}/findings/${encodeURIComponent(finding.key)}/waiver`;
    if (finding.waiver) return el("button", { type: "button", class: "link", onclick: () => remove(path).then(() => update(0), desk.fail) }, t("draft.unwaive"));
    return el("button", { type: "button", class: "link", onclick: () => askReason(messageOf(finding, desk), (reason) => change("POST", path, null, { reason }), () => update(0)) }, t("draft.waive"));
  }

  function go(finding) {
    shown = finding;
    const known = finding.grids.filter((key) => desk.draft.units.has(key));
    if (known.length) desk.choose(known);
    const box = finding.geometry ? boxOfGeometry(finding) : desk.draft.boxOf(known);
    if (box) desk.showBox(box, 17);
    desk.repaint();
  }

  return {
    update,
    paint(context, view) {
      if (!shown?.geometry) return;
      context.strokeStyle = "#b3261e";
      context.fillStyle = "rgba(179, 38, 30, 0.3)";
      context.lineWidth = 2;
      paintGeometry(context, view, shown.geometry);
    },
    forget() {
      shown = null;
    },
    /** Give the box of a finding's place in world coordinates; null where it has none. */
    boxOf: (key) => (known.get(key)?.bbox ? boxOfGeometry(known.get(key)) : null),
    /** Draw the outlines of findings' places. */
    outline(context, view, keys, colour) {
      context.strokeStyle = colour;
      context.fillStyle = "transparent";
      context.lineWidth = 2;
      for (const key of keys) if (known.get(key)?.geometry) paintGeometry(context, view, known.get(key).geometry);
    },
  };
}

/** Give a finding's words in the page's language, with the grids' names for their keys. */
export function messageOf({ message, grids }, desk) {
  let words = page.language === "en" ? message.en : message.zh;
  for (const key of grids) words = words.replace(`${key} ${desk.draft.units.get(key)?.name}`, key); // the name goes for both
  return named(desk.draft, words, new Set(grids));
}

function askReason(words, work, onDone) {
  const reason = el("textarea", { rows: 3, maxlength: 500, required: true });
  openDialog({
    title: t("draft.waive_title"),
    content: [el("p", {}, words), ...field(t("draft.reason"), reason, t("draft.reason_hint"))],
    action: t("draft.waive"),
    async work() {
      if (!reason.value.trim()) throw new Error(t("draft.reason_missing"));
      return work(reason.value.trim());
    },
    onDone,
  });
  reason.focus();
}

const boxOfGeometry = ({ bbox: [west, south, east, north] }) => {
  const [left, top] = toWorld(west, north);
  const [right, bottom] = toWorld(east, south);
  return [left, top, right, bottom];
};

function paintGeometry(context, view, geometry) {
  if (geometry.type === "GeometryCollection") return geometry.geometries.forEach((part) => paintGeometry(context, view, part));
  const { type, coordinates } = geometry;
  const points = type === "Point" ? [coordinates] : type === "MultiPoint" ? coordinates : [];
  for (const [lon, lat] of points) {
    const [x, y] = view.at(toWorld(lon, lat));
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
  const lines = type === "LineString" ? [coordinates] : type === "MultiLineString" ? coordinates : type.endsWith("Polygon") ? rings(geometry) : [];
  for (const line of lines) {
    context.beginPath();
    line.forEach(([lon, lat], i) => {
      const [x, y] = view.at(toWorld(lon, lat));
      if (i) context.lineTo(x, y);
      else context.moveTo(x, y);
    });
    if (type.endsWith("Polygon")) context.fill();
    context.stroke();
  }
}

const rings = ({ type, coordinates }) => (type === "Polygon" ? coordinates : coordinates.flat());
