// The toolbar: tools in groups and what can be done with the chosen grids, each with its key; arrow keys move along it.

import { byId, el, icon } from "../dom.js";
import { t } from "../format.js";
import { isTyping } from "./gestures.js";

const ICONS = {
  choose: "M5 3l14 7.5-6 1.8L10.2 18 5 3Z",
  brush: "M20.7 3.3a2 2 0 0 0-2.8 0L9.6 11.6l2.8 2.8 8.3-8.3a2 2 0 0 0 0-2.8ZM8.4 13a4 4 0 0 0-4 4c0 1.6-1 2.4-2 2.8 1 .8 2.4 1.2 4 1.2a4 4 0 0 0 4-4 4 4 0 0 0-2-4Z",
  corners: "M5 3a2 2 0 0 1 1.9 2.6l10.5 10.5A2 2 0 1 1 16 17.5L5.5 7A2 2 0 1 1 5 3Zm12 2h3v3h-3V5Z",
  split: "M11 2h2v4h-2V2Zm0 6h2v4h-2V8Zm0 6h2v4h-2v-4Zm0 6h2v2h-2v-2ZM3 5h6v2H5v10h4v2H3V5Zm12 0h6v14h-6v-2h4V7h-4V5Z",
  reshape: "M3 17c4 0 5-10 9-10s4 6 9 6v2c-6 0-6-6-9-6s-4 10-9 10v-2Z",
  draw: "M12 3l8 6-3 10H7L4 9l8-6Zm0 2.5L6.3 9.7 8.5 17h7l2.2-7.3L12 5.5Z",
  merge: "M4 4h7v7H4V4Zm9 9h7v7h-7v-7Zm0-9h7v7h-2V6h-5V4Zm-9 9h2v5h5v2H4v-7Z",
  retire: "M9 3h6l1 2h4v2H4V5h4l1-2ZM6 9h12l-1 12H7L6 9Zm3 2v8h1.5v-8H9Zm4.5 0v8H15v-8h-1.5Z",
  number: "M9 3 8 8H4v2h3.6l-.8 4H3v2h3.4L5.4 21h2l1-5h4l-1 5h2l1-5H18v-2h-3.2l.8-4H20V8h-4l1-5h-2l-1 5h-4l1-5H9Zm.6 7h4l-.8 4h-4l.8-4Z",
  lock: "M12 2a5 5 0 0 0-5 5v3H5v11h14V10h-2V7a5 5 0 0 0-5-5Zm0 2a3 3 0 0 1 3 3v3H9V7a3 3 0 0 1 3-3Z",
  undo: "M8 5V1L2 7l6 6V9h5a4 4 0 0 1 0 8H7v2h6a6 6 0 0 0 0-12H8V5Z",
  redo: "M16 5V1l6 6-6 6V9h-5a4 4 0 0 0 0 8h6v2h-6a6 6 0 0 1 0-12h5V5Z",
};
const GROUPS = [
  ["assign", ["choose", "brush"]],
  ["border", ["corners", "split", "reshape", "draw"]],
  ["grids", ["merge", "retire", "number", "lock"]],
  ["steps", ["undo", "redo"]],
];
const KEYS = { choose: "V", brush: "B", corners: "C", split: "S", reshape: "R", draw: "D", merge: "M", retire: "X", number: "N", lock: "L", undo: "Ctrl+Z", redo: "Ctrl+Y" };

/** Fill the toolbar; `acts[key]` says what a button does, and `update` shows what is in hand and what can be done now. */
export function startToolbar(acts) {
  const buttons = new Map();
  const bar = byId("toolbar");
  for (const [group, keys] of GROUPS) {
    const made = keys.filter((key) => acts[key]).map((key) => button(key, acts[key]));
    made.forEach(([key, item]) => buttons.set(key, item));
    bar.append(el("div", { class: "tool-group", role: "group", "aria-label": t(`tool.group_${group}`) }, ...made.map(([, item]) => item)));
  }
  bar.append(el("div", { class: "tool-options", id: "tool-options" }));
  walkable(bar, [...buttons.values()]);
  wireKeys(acts, buttons);
  return {
    update(inHand, can) {
      for (const [key, item] of buttons) {
        if (item.hasAttribute("aria-pressed")) item.setAttribute("aria-pressed", String(key === inHand));
        if (can[key] !== undefined) item.setAttribute("aria-disabled", String(!can[key]));
      }
    },
  };
}

function button(key, act) {
  const isTool = ["choose", "brush", "corners", "split", "reshape", "draw"].includes(key);
  const hint = `${t(`tool.${key}_title`)} (${KEYS[key]})`;
  const item = el(
    "button",
    { type: "button", class: "tool", id: `tool-${key}`, title: hint, "aria-keyshortcuts": KEYS[key].replace("Ctrl", "Control"), tabindex: -1, onclick: () => item.getAttribute("aria-disabled") !== "true" && act() },
    icon(ICONS[key]),
    el("span", {}, t(`tool.${key}`)),
  );
  if (isTool) item.setAttribute("aria-pressed", "false");
  return [key, item];
}

function walkable(bar, items) {
  let at = 0;
  items[0].tabIndex = 0;
  bar.addEventListener("focusin", ({ target }) => {
    const found = items.indexOf(target.closest(".tool"));
    if (found < 0) return;
    items[at].tabIndex = -1;
    at = found;
    items[at].tabIndex = 0;
  });
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || !event.target.closest(".tool")) return;
    event.preventDefault();
    items[(at + by + items.length) % items.length].focus();
  });
}

function wireKeys(acts, buttons) {
  const byKey = new Map(Object.entries(KEYS).map(([key, name]) => [name.toLowerCase(), key]));
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.altKey) return;
    const ctrl = event.ctrlKey || event.metaKey;
    const name = ctrl ? `ctrl+${event.key.toLowerCase()}` : event.key.toLowerCase();
    const key = ctrl && event.shiftKey && event.key.toLowerCase() === "z" ? "redo" : byKey.get(name);
    if (!key || !acts[key] || (event.shiftKey && !ctrl)) return;
    event.preventDefault();
    if (buttons.get(key).getAttribute("aria-disabled") !== "true") acts[key]();
  });
}
