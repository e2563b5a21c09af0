// Publishing: what will change, what stands in the way, and which warnings the planner takes upon herself.

import { get } from "../api.js";
import { openDialog } from "../dialog.js";
import { el } from "../dom.js";
import { number, t } from "../format.js";
import { messageOf } from "./findings.js";

/** Ask whether to publish; errors stand in the way, each warning is ticked. */
export async function askPublish(desk) {
  let findings, difference;
  try {
    [{ findings }, difference] = await Promise.all([get(`${desk.draft.path}/findings`), desk.draft.difference()]);
  } catch (error) {
    return desk.fail(error);
  }
  const inTheWay = findings.filter(({ waiver, touched }) => touched && !waiver);
  const errors = inTheWay.filter(({ severity }) => severity === "error");
  const warnings = inTheWay.filter(({ severity }) => severity === "warning");
  const ticks = warnings.map((finding) => ({ finding, box: el("input", { type: "checkbox", value: finding.key }) }));
  const everything = el("input", { type: "checkbox" });
  everything.addEventListener("change", () => ticks.forEach(({ box }) => (box.checked = everything.checked)));
  const dialog = openDialog({
    title: t("draft.publish_title", { name: desk.draft.edition.name }),
    content: [
      el("p", {}, t("draft.publish_note")),
      summary(difference),
      errors.length ? el("div", { class: "in-the-way" }, el("h3", {}, t("draft.publish_errors")), el("ul", {}, ...errors.map((finding) => el("li", {}, messageOf(finding))))) : null,
      warnings.length
        ? el(
            "div",
            { class: "to-name" },
            el("h3", {}, t("draft.publish_warnings")),
            ticks.length > 3 ? el("label", { class: "check" }, everything, el("b", {}, t("draft.publish_all", { count: number(ticks.length) }))) : null,
            ...ticks.map(({ finding, box }) => el("label", { class: "check" }, box, messageOf(finding))),
          )
        : null,
    ].filter(Boolean),
    action: t("draft.publish_now"),
    async work() {
      if (errors.length) throw new Error(t("draft.publish_blocked"));
      if (ticks.some(({ box }) => !box.checked)) throw new Error(t("draft.publish_unnamed"));
      return desk.draft.publish(ticks.map(({ finding }) => finding.key));
    },
    onDone: showPublished,
  });
  dialog.classList.add("publish");
}

/** Say how many grids are new, changed and gone. */
function summary({ changed, made, gone }) {
  const parts = [[changed, "draft.publish_changed"], [made, "draft.publish_made"], [gone, "draft.publish_gone"]].filter(([count]) => count);
  return el("p", { class: "publish-sum" }, parts.length ? parts.map(([count, key]) => t(key, { count: number(count) })).join(t("account.and")) : t("draft.publish_nothing"));
}

function showPublished({ revision, opened, closed }) {
  const dialog = el(
    "dialog",
    { class: "card published" },
    el("h2", {}, t("draft.published_title")),
    el("p", {}, t("draft.published_note", { revision: number(revision), opened: number(opened.length), closed: number(closed.length) })),
    el("div", { class: "buttons" }, el("a", { class: "primary button", href: `/${location.hash}` }, t("draft.to_map")), el("a", { class: "plain button", href: "/planning" }, t("draft.to_list"))),
  );
  document.body.append(dialog);
  dialog.addEventListener("cancel", (event) => event.preventDefault()); // there is nothing left to edit behind it
  dialog.showModal();
}
