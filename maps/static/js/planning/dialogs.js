// What the planner is asked: a new grid's name, which micro-grid takes a plot, whether to throw the draft away.

import { field, openDialog } from "../dialog.js";
import { el } from "../dom.js";
import { number, t } from "../format.js";

/** Ask for the name and kind of a grid that is drawn; null where she thinks better of it. */
export function askAttributes(desk) {
  return new Promise((resolve) => {
    const count = desk.draft.grids().length + 1;
    const name = el("input", { maxlength: 200, required: true, value: t("draft.new_grid", { number: number(count) }) });
    const kind = el("select", {}, ...["residential", "dedicated", "rural"].map((one) => el("option", { value: one }, t(`layers.${one}`))));
    const dialog = openDialog({
      title: t("draft.draw_title"),
      content: [...field(t("draft.unit_name"), name), ...field(t("draft.kind"), kind)],
      action: t("draft.draw"),
      async work() {
        if (!name.value.trim()) throw new Error(t("draft.name_missing"));
        return { name: name.value.trim(), grid_kind: kind.value };
      },
      onDone: resolve,
    });
    dialog.addEventListener("close", () => resolve(null));
    name.select();
  });
}

/** Ask which micro-grid takes a plot that would cut one. */
export function askMicroGrid(desk, operation, choices) {
  const areaOf = ({ area_m2: area }) => (area >= 1 ? el("small", {}, ` ${t("unit.m2", { value: number(area) })}`) : null); // else it only touches
  const radio = (choice, i) =>
    el("label", { class: "check" }, el("input", { type: "radio", name: "micro-grid", value: choice.key, checked: i === 0 }), el("span", {}, choice.name, areaOf(choice)));
  const list = el("div", {}, ...choices.map(radio));
  openDialog({
    title: t("draft.which_micro_grid"),
    content: [el("p", {}, t("draft.which_micro_grid_note")), list],
    action: t("draft.assign"),
    work: async () => list.querySelector("input:checked").value,
    onDone: (key) => desk.run({ ...operation, micro_grid: key }),
  });
}

/** Ask whether to throw the draft away, and do it. */
export function askDiscard(desk) {
  const seen = desk.draft.settled();
  openDialog({
    title: t("draft.discard_title", { name: desk.draft.edition.name }),
    content: [el("p", {}, t("draft.discard_ask"))],
    action: t("draft.discard"),
    isDangerous: true,
    async work() {
      return desk.draft.discard(await seen).catch((error) => {
        if (!error.others) throw error;
        return error.others;
      });
    },
    onDone: (others) => (others ? desk.conflict(others, () => askDiscard(desk)) : location.assign("/planning")),
  });
}
