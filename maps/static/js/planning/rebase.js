// A draft whose base somebody has published anew: what moved, and its steps repeated on the borders of today.

import { get, inLanguage } from "../api.js";
import { openDialog } from "../dialog.js";
import { el } from "../dom.js";
import { ago, number, t } from "../format.js";
import { trace } from "./canvas.js";
import { boxOf, joinBoxes, worldOf } from "../geometry.js";
import { named, nameOf } from "./names.js";
import { notice } from "./notice.js";

const LISTED = 8;
const TODAY = "#7a1fa2";

/** Ask whether to repeat the draft's steps on the borders of today; `moved` lists the grids and who published them. */
export async function askRebase(desk, moved) {
  const drop = el("input", { type: "checkbox" });
  const failed = el("label", { class: "check", hidden: true }, drop, t("draft.rebase_drop"));
  const today = await bordersOfToday(desk, moved);
  const dialog = openDialog({
    title: t("draft.rebase_title"),
    content: [
      el("p", {}, t("draft.rebase_note", { count: number(moved.length) })),
      el("ul", { class: "moved" }, ...moved.slice(0, LISTED).map(({ code, name, published_at: when }) => el("li", {}, `${nameOf(desk.draft, code)} · ${name} · ${ago(new Date(when))}`))),
      moved.length > LISTED ? el("p", {}, t("draft.rebase_more", { count: number(moved.length - LISTED) })) : null,
      failed,
    ].filter(Boolean),
    action: t("draft.rebase"),
    async work() {
      try {
        return await desk.draft.rebase(drop.checked);
      } catch (error) {
        const { step } = error.members ?? {};
        if (!step) throw error;
        failed.hidden = false;
        throw new Error(t("draft.rebase_refused", { number: number(step.number), what: t(`step.${step.kind}`), reason: reasonOf(desk, step) }));
      }
    },
    async onDone({ applied, dropped }) {
      await desk.draft.load();
      desk.draft.loadFigures().catch(desk.fail);
      desk.steps.update();
      const left = dropped.map((step) => t("draft.dropped", { what: t(`step.${step.kind}`), reason: reasonOf(desk, step) }));
      notice([t("draft.rebased", { steps: number(applied) }), ...left].join(" "));
    },
  });
  dialog.classList.add("beside");
  if (today.length) desk.layBeside({ paint: (context, view) => paint(context, view, today), hint: "draft.rebase_legend", box: joinBoxes(today.map(boxOf)) }, dialog);
}

const reasonOf = (desk, { reason }) => named(desk.draft, inLanguage(reason)).replace(/[。.]$/, "");

/** Give the moved grids' borders as they are published now; none where they can't be read. */
async function bordersOfToday(desk, moved) {
  const bounds = desk.draft.bounds();
  if (!bounds) return [];
  const newest = moved.reduce((best, one) => (one.revision > best.revision ? one : best));
  const answer = await get(`/api/v1/editions/${newest.edition}/borders`, { bbox: bounds.join(",") }).catch(() => ({ features: [] }));
  const codes = new Set(moved.map(({ code }) => code));
  return answer.features.filter(({ id }) => codes.has(id)).map(({ geometry }) => worldOf(geometry));
}

function paint(context, view, borders) {
  context.beginPath();
  for (const polygons of borders) trace(context, polygons, view);
  context.strokeStyle = "#ffffff";
  context.lineWidth = 6;
  context.stroke();
  context.strokeStyle = TODAY;
  context.lineWidth = 2.6;
  context.setLineDash([8, 5]);
  context.stroke();
  context.setLineDash([]);
}
