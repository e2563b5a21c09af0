// Open issues that publishing would give to other grids: how many, between which, on which land.

import { el } from "../dom.js";
import { number, t } from "../format.js";
import { FONT } from "../style.js";
import { trace } from "./canvas.js";
import { boxOf, joinBoxes, labelPoint, worldOf } from "../geometry.js";

const LAND = "#d9730d";

/** Give a table of the moves, and what shows them on the map while a dialog stands beside it; null where none moves. */
export function movedIssues(desk, { count, moves }) {
  if (!count) return { table: el("p", { class: "moved-none" }, t("draft.issues_none")), overlay: null };
  const shown = moves.map((move) => ({ ...move, polygons: worldOf(move.geometry) })).map((move) => ({ ...move, box: move.polygons.length ? boxOf(move.polygons) : null }));
  const placed = shown.filter(({ box }) => box);
  let marked = null;

  const nameOf = (owner) => (owner ? owner.name : el("i", {}, t("draft.no_grid")));
  const mark = (move) => () => {
    marked = move;
    desk.repaint();
  };
  const row = (move) =>
    el(
      "tr",
      { onmouseenter: mark(move), onmouseleave: mark(null), onfocusin: mark(move), onfocusout: mark(null) },
      el("td", { class: "figure" }, move.box ? el("button", { type: "button", class: "link", "aria-label": t("draft.issues_show", { count: number(move.count) }), onclick: () => zoomTo(move.box) }, number(move.count)) : number(move.count)),
      el("td", {}, nameOf(move.before)),
      el("td", {}, nameOf(move.after)),
    );
  const table = el(
    "div",
    { class: "moved-issues" },
    el("h3", {}, t("draft.issues_move", { count: number(count) })),
    el(
      "div",
      { class: "moved-rows" },
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "figure" }, t("draft.issues_count")), el("th", { scope: "col" }, t("draft.issues_from")), el("th", { scope: "col" }, t("draft.issues_to")))),
        el("tbody", {}, ...shown.map(row)),
      ),
    ),
  );

  function zoomTo(box) {
    desk.showBeside(box, table.closest("dialog"));
  }

  function paint(context, view) {
    for (const move of placed) {
      context.beginPath();
      trace(context, move.polygons, view);
      context.fillStyle = LAND;
      context.globalAlpha = move === marked ? 0.75 : 0.45;
      context.fill("evenodd");
      context.globalAlpha = 1;
      context.strokeStyle = LAND;
      context.lineWidth = move === marked ? 3 : 1.5;
      context.stroke();
    }
    for (const move of placed) bubble(context, view.at(labelPoint(move.polygons)), number(move.count));
  }

  return { table, overlay: placed.length ? { paint, hint: "draft.issues_hint", box: joinBoxes(placed.map(({ box }) => box)) } : null };
}

function bubble(context, [x, y], words) {
  context.font = `700 13px ${FONT}`;
  const width = Math.max(24, context.measureText(words).width + 14);
  context.beginPath();
  context.roundRect(x - width / 2, y - 12, width, 24, 12);
  context.fillStyle = "#8a4500";
  context.fill();
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2;
  context.stroke();
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = "#ffffff";
  context.fillText(words, x, y + 1);
}
