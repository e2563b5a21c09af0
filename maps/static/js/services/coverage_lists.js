// The lists of the coverage page: units to sort, blind spots, and stations that are too small.

import { el } from "../dom.js";
import { named, number, t } from "../format.js";
import { colourOf, percent } from "./coverage_map.js";

const MOST_NAMES = 4;

/** Totals: households, the share within each of `limits` in minutes, mean, and who isn't measured. */
export function totalsOf(row, limits) {
  const fact = (key, value) => el("div", {}, el("dt", {}, t(key)), el("dd", {}, value));
  return el(
    "section",
    { class: "totals", "aria-label": t("coverage.totals") },
    el(
      "dl",
      { class: "shares" },
      ...limits.map((minutes) => el("div", {}, el("dt", {}, t("circles.minutes", { minutes })), el("dd", {}, percent(row[`share_${minutes}`])))),
    ),
    el(
      "dl",
      {},
      fact("coverage.households", number(row.households)),
      fact("coverage.mean", row.mean_minutes === null ? "–" : t("coverage.minutes", { minutes: number(row.mean_minutes, 1) })),
      fact("coverage.unreached", number(row.households_unreached)),
      fact("coverage.not_measured", number(row.households_without_streets)),
    ),
  );
}

/** A table of units; the worst come first until a heading is clicked. */
export class UnitTable {
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.rows = this.limits = [];
    this.sorted = null;
    this.box = el("div", { class: "table-box" });
  }

  /** Show rows with the share within each of `limits`, the one within `minutes` marked. */
  show(rows, limits, minutes) {
    this.rows = rows;
    this.limits = limits;
    if (!this.sorted || this.sorted.key.startsWith("share_")) this.sorted = { key: `share_${minutes}`, ascending: true };
    this.minutes = minutes;
    this.draw();
  }

  draw() {
    const columns = ["name", "households", ...this.limits.map((m) => `share_${m}`), "mean_minutes"];
    const body = el("tbody", {}, ...this.inOrder().map((row) => this.row(row)));
    this.box.replaceChildren(el("table", { class: "units" }, el("thead", {}, el("tr", {}, ...columns.map((key) => this.heading(key)))), body));
  }

  heading(key) {
    const step = key.startsWith("share_") ? key.slice(6) : null;
    const words = step ? t("coverage.within", { minutes: step }) : t(`coverage_column.${key}`);
    const { key: by, ascending } = this.sorted;
    const turn = () => {
      this.sorted = by === key ? { key, ascending: !ascending } : { key, ascending: key === "name" || step !== null };
      this.draw();
      this.box.querySelector(`[data-key="${key}"]`).focus();
    };
    return el(
      "th",
      { scope: "col", "aria-sort": by === key ? (ascending ? "ascending" : "descending") : null, class: key === "name" ? null : "figure" },
      el("button", { type: "button", "data-key": key, title: step ? t("circles.minutes", { minutes: step }) : key === "mean_minutes" ? t("coverage.mean") : null, onclick: turn }, words, el("span", { "aria-hidden": "true" }, by === key ? (ascending ? " ▲" : " ▼") : "")),
    );
  }

  /** The rows in order; what isn't measured is last in either direction. */
  inOrder() {
    const { key, ascending } = this.sorted;
    const compare = (a, b) => (key === "name" ? nameOf(a).localeCompare(nameOf(b)) : a[key] - b[key]);
    const known = this.rows.filter((row) => row[key] !== null).sort((a, b) => (ascending ? 1 : -1) * compare(a, b) || b.households - a.households);
    return [...known, ...this.rows.filter((row) => row[key] === null)];
  }

  row(row) {
    const swatch = el("span", { class: "class-box", "aria-hidden": "true" });
    swatch.style.setProperty("--ink", colourOf(row, this.minutes) ?? "transparent");
    const figure = (words) => el("td", { class: "figure" }, words);
    return el(
      "tr",
      { "data-code": row.code },
      el("th", { scope: "row" }, el("span", { class: "unit" }, swatch, el("button", { type: "button", title: row.code, onclick: () => this.onChoose(row.code) }, nameOf(row), placeOf(row)))),
      figure(number(row.households)),
      ...this.limits.map((m) => el("td", { class: `figure${m === this.minutes ? " is-shown" : ""}` }, percent(row[`share_${m}`]))),
      figure(row.mean_minutes === null ? "–" : number(row.mean_minutes, 1, 1)),
    );
  }

  mark(code) {
    for (const row of this.box.querySelectorAll("tbody tr")) row.classList.toggle("is-chosen", row.dataset.code === code);
    this.box.querySelector("tr.is-chosen")?.scrollIntoView({ block: "nearest" });
  }
}

/** Give the unit in which a grid or a community lies, since names repeat. */
const placeOf = ({ division, level }) => (division && ["grid", "community"].includes(level) ? el("small", {}, division) : null);

function nameOf({ code, name, level }) {
  if (level === "kind") return named("station", code);
  if (level === "level") return named("station_level", code);
  return code === null && level === "grid" ? t("coverage.no_grid") : name;
}

/** Name a few divisions, and how many there are where they are more. */
function someOf(divisions) {
  const names = divisions.slice(0, MOST_NAMES).join(t("account.and"));
  return divisions.length > MOST_NAMES ? t("coverage.spot_more", { names, count: number(divisions.length) }) : names;
}

/** The blind spots, most households first. */
export function spotList(features, onChoose) {
  return el(
    "ol",
    { class: "station-rows spot-rows" },
    ...features.map((spot) => {
      const { number: rank, households, people, farthest_minutes: farthest, nearest_minutes: nearest, divisions, station_name: station, unreached_households: unreached } = spot.properties;
      const far = nearest === null ? null : t("coverage.spot_far", { nearest: number(nearest, 1, 1), farthest: number(farthest, 1, 1) });
      return el(
        "li",
        { "data-spot": rank },
        el(
          "button",
          { type: "button", onclick: () => onChoose(rank) },
          el("span", { class: "spot", "aria-hidden": "true" }, String(rank)),
          el("span", { class: "row-name" }, t("coverage.spot_who", { households: number(households), people: number(people) })),
          el("small", {}, [far, station && t("coverage.spot_station", { station })].filter(Boolean).join(" · ")),
          unreached ? el("small", {}, t("coverage.spot_unreached", { households: number(unreached) })) : null,
          el("small", {}, someOf(divisions)),
        ),
      );
    }),
  );
}

/** Stations below the rule of size, then how many aren't known. */
export function roomList(rows, onChoose) {
  const small = rows.filter(({ meets }) => meets === false);
  const unknown = rows.filter(({ required_m2: required, area_m2: area }) => required !== null && area === null).length;
  return el(
    "div",
    {},
    el("p", { class: "count", role: "status" }, small.length ? t("coverage.rooms_count", { count: number(small.length) }) : t("coverage.rooms_none")),
    unknown ? el("p", { class: "count" }, t("coverage.rooms_unknown", { count: number(unknown) })) : null,
    el(
      "ul",
      { class: "station-rows" },
      ...small.map((station) =>
        el(
          "li",
          {},
          el(
            "button",
            { type: "button", onclick: () => onChoose(station) },
            el("span", { class: `dot-kind ${station.kind}`, "aria-hidden": "true" }),
            el("span", { class: "row-name" }, station.name),
            el("small", {}, t("coverage.room", { area: number(station.area_m2, 1), required: number(station.required_m2, 1) })),
            el("small", {}, t("coverage.room_nearest", { households: number(station.households_nearest), division: station.division_name })),
          ),
        ),
      ),
    ),
  );
}
