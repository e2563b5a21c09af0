// What must not be missed, said over the map until it is read.

import { byId, el } from "../dom.js";
import { t } from "../format.js";

/** Say it, with what can be done about it. */
export function notice(words, choices = []) {
  const shown = byId("notice");
  const close = (work) => () => {
    hush();
    work();
  };
  shown.replaceChildren(
    el("p", {}, words),
    ...choices.map(([name, work]) => el("button", { type: "button", class: "plain small", onclick: close(work) }, name)),
    choices.length ? "" : el("button", { type: "button", class: "close", "aria-label": t("place.close"), onclick: close(() => {}) }, "×"),
  );
  shown.hidden = false;
}

/** Say why something isn't done; give null, as what is refused does. */
export function refuse(key) {
  notice(t(key));
  return null;
}

export function hush() {
  byId("notice").hidden = true;
}

export const isSaid = () => !byId("notice").hidden;
