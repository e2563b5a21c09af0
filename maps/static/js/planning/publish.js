// Publishing: what will change, what stands in the way, and which warnings the planner takes upon herself.

import { get } from "../api.js";
import { field, openDialog } from "../dialog.js";
import { byId, el } from "../dom.js";
import { number, t } from "../format.js";
import { LONG_MS } from "./draft.js";
import { messageOf } from "./findings.js";
import { movedIssues } from "./moved_issues.js";
import { askRebase } from "./rebase.js";

/** Ask whether to publish; errors stand in the way, each warning is ticked. */
export async function askPublish(desk) {
  let seen, findings, difference, moved, issues;
  desk.overlay?.close();
  const opener = byId("publish");
  opener.disabled = true; // the checks of a large draft take their time
  try {
    seen = await desk.draft.settled(); // what others do from here on isn't in what she reads
    const read = (what) => get(`${desk.draft.path}/${what}`, {}, undefined, LONG_MS);
    [{ findings }, difference, moved, issues] = await Promise.all([read("findings"), desk.draft.difference(), read("moved"), read("moved-issues")]);
  } catch (error) {
    return desk.fail(error);
  } finally {
    opener.disabled = false;
  }
  if (moved.length) return askRebase(desk, moved);
  const inTheWay = findings.filter(({ waiver, touched }) => touched && !waiver);
  const errors = inTheWay.filter(({ severity }) => severity === "error");
  const warnings = inTheWay.filter(({ severity }) => severity === "warning");
  const ticks = warnings.map((finding) => ({ finding, box: el("input", { type: "checkbox", value: finding.key }) }));
  const everything = el("input", { type: "checkbox" });
  everything.addEventListener("change", () => ticks.forEach(({ box }) => (box.checked = everything.checked)));
  const at = el("input", { type: "datetime-local" });
  const { table, overlay } = movedIssues(desk, issues);
  const dialog = openDialog({
    title: t("draft.publish_title", { name: desk.draft.edition.name }),
    content: [
      el("p", {}, t("draft.publish_note")),
      summary(difference),
      table,
      errors.length ? el("div", { class: "in-the-way" }, el("h3", {}, t("draft.publish_errors")), el("ul", {}, ...errors.map((finding) => el("li", {}, messageOf(finding, desk))))) : null,
      warnings.length
        ? el(
            "div",
            { class: "to-name" },
            el("h3", {}, t("draft.publish_warnings")),
            ticks.length > 3 ? el("label", { class: "check" }, everything, el("b", {}, t("draft.publish_all", { count: number(ticks.length) }))) : null,
            ...ticks.map(({ finding, box }) => el("label", { class: "check" }, box, messageOf(finding, desk))),
          )
        : null,
      el("details", { class: "more" }, el("summary", {}, t("draft.publish_later")), ...field(t("draft.publish_at"), at, t("draft.publish_at_hint"))),
    ].filter(Boolean),
    action: t("draft.publish_now"),
    async work() {
      if (errors.length) throw new Error(t("draft.publish_blocked"));
      if (ticks.some(({ box }) => !box.checked)) throw new Error(t("draft.publish_unnamed"));
      const accepted = ticks.map(({ finding }) => finding.key);
      return desk.draft.publish(seen, accepted, at.value ? new Date(at.value).toISOString() : null).catch((error) => {
        if (error.others) return { others: error.others };
        if (error.kind !== "MovedBaseError") throw error;
        return { moved: error.members.moved }; // somebody published while she was reading
      });
    },
    onDone(done) {
      if (done.others) return desk.conflict(done.others, () => askPublish(desk));
      if (done.moved) return askRebase(desk, done.moved);
      return done.status === "draft" ? location.reload() : showPublished(done);
    },
  });
  const send = dialog.querySelector("[type=submit]");
  at.addEventListener("input", () => (send.textContent = t(at.value ? "draft.publish_then" : "draft.publish_now")));
  dialog.classList.add("publish", "beside");
  if (overlay) desk.layBeside(overlay, dialog);
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
