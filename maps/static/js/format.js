// The page's words, numbers and times in its language.

import { byId } from "./dom.js";

/** What the server put into the page: language, texts, layers. */
export const page = JSON.parse(byId("page-data").textContent);

/** Give the text of a key with its {placeholders} filled; {count:draft|drafts} is the first word for one, else the second. */
export function t(key, values = {}) {
  const text = page.texts[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)(?::(\w+)\|(\w+))?\}/g, (_, name, one, many) => {
    const value = String(values[name]);
    return one === undefined ? value : value === "1" ? one : many;
  });
}

/** Give the text of a key, or the value itself where the catalogues don't know it (categories are local policy). */
export const named = (prefix, value) => page.texts[`${prefix}.${value}`] ?? value;

/** Give a distance as people say it. */
export function distance(metres) {
  if (metres >= 1000) return t("unit.km", { value: number(metres / 1000, metres < 10000 ? 1 : 0) });
  return t("unit.m", { value: number(metres, metres < 10 ? 1 : 0) });
}

/** Give a number with at most, and at least, so many digits after the point. */
export const number = (value, digits = 0, least = 0) =>
  new Intl.NumberFormat(page.language, { maximumFractionDigits: digits, minimumFractionDigits: least }).format(value);

const relative = new Intl.RelativeTimeFormat(page.language, { numeric: "auto", style: "short" });
const absolute = new Intl.DateTimeFormat(page.language, { dateStyle: "medium", timeStyle: "short" });

/** Give how long ago an instant was; dates beyond a week. */
export function ago(instant) {
  const minutes = Math.round((instant - Date.now()) / 60000);
  if (minutes > -1) return t("time.now");
  if (minutes > -60) return relative.format(minutes, "minute");
  if (minutes > -60 * 24) return relative.format(Math.round(minutes / 60), "hour");
  if (minutes > -60 * 24 * 7) return relative.format(Math.round(minutes / 60 / 24), "day");
  return day(instant);
}

/** Give the date of an instant. */
export const day = (instant) => new Intl.DateTimeFormat(page.language, { dateStyle: "medium" }).format(instant);

/** Give an instant in full. */
export const moment = (instant) => absolute.format(instant);
