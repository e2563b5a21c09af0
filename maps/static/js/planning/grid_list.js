// The panel's list of grids with their figures, and the card of the one that is chosen.

import { el } from "../dom.js";
import { number, t } from "../format.js";
import { BANDS, bandOf } from "./drawing.js";
import { field } from "../dialog.js";

const ORDER = ["below", "within", "above", "not_applicable", "not_checked"];

/** Show the grids in a section of the panel; gives `update()`. */
export function startGridList(section, desk) {
  const sums = el("div", { class: "sums" });
  const card = el("div", { class: "chosen-card", "aria-live": "off" });
  const rows = el("ul", { class: "grid-rows", id: "grid-rows", "aria-label": t("draft.grids") });
  const made = new Map();
  section.append(sums, card, rows);

  function update() {
    const grids = desk.draft.grids();
    const total = (name) => grids.reduce((sum, { key }) => sum + (desk.draft.figures.get(key)?.[name] ?? 0), 0);
    const counts = new Map(ORDER.map((band) => [band, grids.filter((grid) => bandOf(desk.draft, grid) === band).length]));
    sums.replaceChildren(
      el("p", {}, t("draft.sum", { grids: number(grids.length), households: number(total("households")), people: number(total("people")) })),
      el("ul", { class: "bands" }, ...ORDER.filter((band) => counts.get(band)).map((band) => el("li", { class: `band ${band}` }, t(`draft.band_${band}`), " ", el("b", {}, number(counts.get(band)))))),
    );
    rows.replaceChildren(...(grids.length ? grids.map(rowOf) : [el("li", { class: "no-grids" }, t("draft.no_grids"))]));
    if (!card.contains(document.activeElement)) showCard();
  }

  /** Give a grid's row: the one that is there, as long as nothing that it shows has changed. */
  function rowOf(grid) {
    const shown = JSON.stringify([grid.name, grid.code, grid.kind, grid.is_locked, desk.draft.figures.get(grid.key)]);
    const known = made.get(grid.key);
    if (known?.shown === shown) return known.row;
    const row = gridRow(desk, grid);
    made.set(grid.key, { shown, row });
    return row;
  }

  function showCard() {
    const units = [...desk.chosen].map((key) => desk.draft.units.get(key)).filter(Boolean);
    card.hidden = units.length === 0;
    card.replaceChildren(...(units.length === 1 ? unitCard(desk, units[0]) : units.length ? severalCard(desk, units) : []));
    for (const row of rows.children) {
      const isChosen = desk.chosen.has(row.dataset.key);
      row.classList.toggle("is-chosen", isChosen);
      row.querySelector("button")?.setAttribute("aria-pressed", String(isChosen));
    }
  }

  return {
    update,
    choose() {
      showCard();
      if (desk.chosen.size === 1) rows.querySelector(".is-chosen")?.scrollIntoView({ block: "nearest" });
    },
  };
}

function gridRow(desk, grid) {
  const figure = desk.draft.figures.get(grid.key);
  const band = bandOf(desk.draft, grid);
  return el(
    "li",
    { "data-key": grid.key, class: desk.chosen.has(grid.key) ? "is-chosen" : "" },
    el(
      "button",
      { type: "button", "aria-pressed": String(desk.chosen.has(grid.key)), onclick: (event) => desk.chooseInList(grid.key, event.shiftKey || event.ctrlKey) },
      el("span", { class: `dot ${band}`, "aria-hidden": "true" }),
      el("span", { class: "grid-name" }, grid.name, grid.is_locked ? el("span", { class: "locked" }, t("draft.locked")) : null),
      el("span", { class: "grid-households" }, figure?.households == null ? "—" : number(figure.households)),
      el("span", { class: "grid-more" }, moreOf(desk, grid, figure)),
      el("span", { class: `grid-band ${band}` }, t(`draft.band_${band}`)),
    ),
  );
}

function moreOf(desk, grid, figure) {
  if (!figure) return grid.code ?? t("draft.unnumbered");
  const parts = [grid.code ? shortCode(desk, grid) : t("draft.unnumbered"), figure.people == null ? null : t("unit.people", { value: number(figure.people) }), area(figure.area_m2)];
  return parts.filter(Boolean).join(" · ");
}

/** Give the end of a grid's code that tells it from the others: all but what the division's own code says. */
function shortCode(desk, { code }) {
  const { division } = desk.draft.edition;
  return code.startsWith(division) && code.length > division.length ? code.slice(division.length) : code;
}

export const area = (m2) => (m2 >= 1e6 ? t("unit.km2", { value: number(m2 / 1e6, 2) }) : t("unit.ha", { value: number(m2 / 1e4, 1) }));

function unitCard(desk, unit) {
  const figure = desk.draft.figures.get(unit.key);
  const grid = desk.draft.gridOf(unit);
  const rows = [
    [t("draft.code"), unit.code ?? t(unit.is_remainder ? "draft.rest" : "draft.unnumbered")],
    grid === unit ? null : [t("draft.in_grid"), grid.name],
    [t("draft.households"), householdsOf(desk, figure)],
    [t("draft.people"), figure?.people == null ? "—" : number(figure.people)],
    [t("draft.buildings"), figure?.buildings == null ? "—" : number(figure.buildings)],
    [t("draft.area"), figure ? area(figure.area_m2) : "—"],
    [t("draft.compactness"), figure?.compactness == null ? "—" : compactness(desk, figure)],
    figure && !figure.is_contiguous ? [t("draft.parts"), t("draft.parts_value", { parts: number(figure.parts) })] : null,
  ];
  return [
    el("h2", {}, unit.is_remainder ? t("draft.rest_of", { grid: grid.name }) : unit.name, el("button", { type: "button", class: "close", "aria-label": t("draft.unchoose"), onclick: () => desk.choose([]) }, "×")),
    el("dl", { class: "figures" }, ...rows.filter(Boolean).flatMap(([name, value], i) => [el("dt", {}, name), el("dd", { class: i === 0 ? "whole" : "" }, value)])),
    desk.mayEdit && !unit.is_remainder ? attributesForm(desk, unit) : null,
  ].filter(Boolean);
}

function householdsOf(desk, figure) {
  if (figure?.households == null) return "—";
  const band = BANDS[figure.band] && figure.band !== "not_applicable" ? el("span", { class: `grid-band ${figure.band}` }, t(`draft.band_${figure.band}`)) : null;
  return el("span", {}, el("b", {}, number(figure.households)), " ", band ?? "");
}

function compactness(desk, figure) {
  const isLow = desk.draft.limits && figure.compactness < desk.draft.limits.compactness_min && figure.band !== "not_applicable";
  return el("span", {}, number(figure.compactness, 2), isLow ? el("span", { class: "grid-band above" }, t("draft.not_compact")) : "");
}

function attributesForm(desk, unit) {
  const name = el("input", { value: unit.name, maxlength: 200, required: true });
  const kind = el("select", {}, ...["residential", "dedicated", "rural"].map((one) => el("option", { value: one, selected: unit.kind === one }, t(`layers.${one}`))));
  const isNew = unit.is_new && !unit.parent_key;
  const code = el("input", { value: unit.code ?? "", maxlength: 30, placeholder: t("draft.code_hint") });
  const send = el("button", { type: "submit", class: "primary small" }, t("draft.save"));
  const form = el(
    "form",
    { class: "fields attributes", "aria-label": t("draft.attributes") },
    ...field(t("draft.unit_name"), name),
    ...(unit.parent_key ? [] : field(t("draft.kind"), kind)),
    ...(isNew ? field(t("draft.code"), code) : []),
    el("div", { class: "buttons" }, send),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = { kind: "describe", key: unit.key };
    if (name.value.trim() !== unit.name) wanted.name = name.value.trim();
    if (kind.value !== unit.kind) wanted.grid_kind = kind.value;
    if (isNew && code.value.trim() && code.value.trim() !== unit.code) wanted.code = code.value.trim();
    document.activeElement.blur();
    if (Object.keys(wanted).length > 2) await desk.run(wanted);
  });
  return el("details", { class: "more" }, el("summary", {}, t("draft.attributes")), form);
}

function severalCard(desk, units) {
  const sum = (name) => units.reduce((total, { key }) => total + (desk.draft.figures.get(key)?.[name] ?? 0), 0);
  return [
    el("h2", {}, t("draft.chosen", { count: number(units.length) }), el("button", { type: "button", class: "close", "aria-label": t("draft.unchoose"), onclick: () => desk.choose([]) }, "×")),
    el("p", { class: "together" }, t("draft.together", { households: number(sum("households")), people: number(sum("people")) })),
    el("p", { class: "together-names" }, units.map(({ name }) => name).join(t("account.and"))),
  ];
}
