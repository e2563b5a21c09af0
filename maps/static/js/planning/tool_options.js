// What can be chosen of the tool in hand, at the end of the toolbar: what it makes, and whether it snaps.

import { byId, el } from "../dom.js";
import { t } from "../format.js";

const CHOICES = { split: ["into", ["grids", "micro_grids"]], brush: ["paint", ["plots", "micro_grids"]] };

/** Show the options of a tool; `onChoose` follows each choice. */
export function offerOptions(desk, onChoose) {
  const { tool, options } = desk;
  const shown = [];
  if (CHOICES[tool.key]) {
    const [name, values] = CHOICES[tool.key];
    const choose = (value) => () => {
      options[name] = value;
      onChoose();
    };
    const choices = values.map((value) => el("button", { type: "button", "aria-pressed": String(options[name] === value), onclick: choose(value) }, t(`tool.${name}_${value}`)));
    shown.push(t(`tool.${name}`), el("span", { class: "choice", role: "group", "aria-label": t(`tool.${name}`) }, ...choices));
  }
  if (tool.snaps) shown.push(el("span", { class: "choice" }, el("button", { type: "button", id: "snap-switch", title: t("snap.title"), "aria-keyshortcuts": "A", onclick: () => desk.snapping.toggle() })));
  byId("tool-options").replaceChildren(...shown);
  showSnapping(desk.snapping);
}

/** Say whether what is drawn snaps now. */
export function showSnapping({ isOn }) {
  const toggle = byId("snap-switch");
  if (!toggle) return;
  toggle.textContent = t(isOn ? "snap.on" : "snap.off");
  toggle.setAttribute("aria-pressed", String(isOn));
}
