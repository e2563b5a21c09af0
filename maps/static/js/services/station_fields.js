// What is written about a station in its form: the fields, what they hold, and what is kept when somebody else was quicker.

import { field } from "../dialog.js";
import { el } from "../dom.js";
import { named, t } from "../format.js";
import { KINDS, LEVELS } from "./kinds.js";

const LABELS = {
  name: "stations.name",
  kind: "stations.kind",
  level: "stations.level",
  address: "station.address",
  hours: "station.hours",
  area_m2: "stations.area",
  services: "stations.services",
};
const KEYS = Object.keys(LABELS);

export class StationFields {
  /** `had` is what the station has, null for a new one; `onKind` is told of another kind. */
  constructor(had, onKind) {
    this.had = had ?? { kind: KINDS[0] };
    const text = (key, more = {}) => el("input", { value: this.had[key] ?? "", maxlength: 200, autocomplete: "off", ...more });
    this.inputs = {
      name: text("name"),
      kind: choice(KINDS, this.had.kind, (kind) => named("station", kind)),
      level: choice(LEVELS, this.had.level, (level) => named("station_level", level), t("stations.no_level")),
      address: text("address"),
      hours: text("hours", { placeholder: t("stations.hours_example") }),
      area_m2: el("input", { type: "number", min: 1, max: 1000000, step: "any", inputmode: "decimal", value: this.had.area_m2 ?? "" }),
      services: el("textarea", { rows: 3, maxlength: 2000 }, this.had.services ?? ""),
    };
    this.inputs.kind.addEventListener("change", onKind);
  }

  elements() {
    const hints = { area_m2: t("stations.area_hint") };
    return KEYS.flatMap((key) => field(t(LABELS[key]), this.inputs[key], hints[key]));
  }

  /** Give what is written, as the API takes it. */
  read() {
    const { area_m2: area } = this.inputs;
    const written = Object.fromEntries(KEYS.map((key) => [key, this.inputs[key].value.trim() || null]));
    return { ...written, area_m2: area.value ? Number(area.value) : null };
  }

  /** Give what is wrong with it, and where; null where it can be saved. */
  wrong() {
    const { name, area_m2: area } = this.inputs;
    if (!name.value.trim()) return [t("stations.name_missing"), name];
    if (!area.checkValidity()) return [t("stations.area_wrong"), area];
    return null;
  }

  isChanged() {
    const written = this.read();
    return KEYS.some((key) => written[key] !== (this.had[key] ?? null));
  }

  /** Take over what somebody else has changed and she hasn't; gives what both have, with the other's words. */
  catchUp(theirs) {
    const written = this.read();
    const both = [];
    for (const key of KEYS) {
      if (theirs[key] === this.had[key] || theirs[key] === written[key]) continue;
      if (written[key] === this.had[key]) this.inputs[key].value = theirs[key] ?? "";
      else both.push(t("stations.stale_theirs", { field: t(LABELS[key]), value: wordsOf(key, theirs[key]) }));
    }
    this.had = theirs;
    return both;
  }
}

function choice(values, current, words, blank) {
  return el(
    "select",
    {},
    ...(blank ? [el("option", { value: "" }, blank)] : []),
    ...values.map((value) => el("option", { value, selected: value === current }, words(value))),
  );
}

function wordsOf(key, value) {
  if (value === null) return t("stations.nothing");
  return { kind: named("station", value), level: named("station_level", value) }[key] ?? value;
}
