// Whose pace circles and coverage are shown for: that of adults, or of the elderly.

import { el } from "./dom.js";
import { number, page, t } from "./format.js";

const PACES = ["adult", "elderly"];

/** Give a speed and whose it is, from the head of an answer or a circle's properties. */
export const speedOf = ({ speed_kmh: speed, pace }) => t(`pace.speed_${pace ?? "own"}`, { speed: number(speed, 2) });

/** Give a switch of the two, adults first chosen; `onChange(pace)` is told of a choice. */
export const paceSwitch = (onChange) =>
  el(
    "div",
    { class: "paces", role: "radiogroup", "aria-labelledby": "pace-title" },
    el("span", { id: "pace-title" }, t("pace.title")),
    ...PACES.map((pace) =>
      el(
        "label",
        {},
        el("input", { type: "radio", name: "pace", value: pace, checked: pace === PACES[0], onchange: () => onChange(pace) }),
        el("span", {}, t(`pace.${pace}`), el("small", {}, t("pace.speed_own", { speed: number(page.map.walking[`${pace}_kmh`], 2) }))),
      ),
    ),
  );
