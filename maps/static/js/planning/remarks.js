// The panel's remarks: what planners and reviewers have said about the draft, and saying something.

import { get, post } from "../api.js";
import { field } from "../dialog.js";
import { el } from "../dom.js";
import { ago, moment, number, t } from "../format.js";

/** Show the remarks in a section of the panel; gives `update()`. */
export function startRemarks(section, desk) {
  const path = `${desk.draft.path}/remarks`;
  const rows = el("ol", { class: "remark-rows", "aria-live": "polite" });
  const words = el("textarea", { rows: 3, maxlength: 2000, required: true });
  const outcome = el("p", { class: "outcome failed", role: "alert" });
  const form = el("form", { class: "fields remark-form", novalidate: true }, ...field(t("remark.yours"), words), outcome, el("button", { type: "submit", class: "primary small" }, t("remark.send")));
  section.append(el("p", { class: "panel-lead" }, t("remark.lead")), rows, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    outcome.textContent = "";
    if (!words.value.trim()) return (outcome.textContent = t("remark.missing"));
    try {
      show(await post(path, { text: words.value.trim() }));
      words.value = "";
    } catch (error) {
      outcome.textContent = error.message;
    }
  });

  function show(remarks) {
    rows.replaceChildren(...(remarks.length ? remarks.map(row) : [el("li", { class: "no-grids" }, t("remark.none"))]));
    desk.panel.mark("remarks", remarks.length ? number(remarks.length) : "");
  }

  const row = ({ author, text, at }) => el("li", {}, el("p", {}, text), el("small", { title: moment(new Date(at)) }, [author, ago(new Date(at))].filter(Boolean).join(" · ")));

  return {
    update: () => get(path).then(show, (error) => rows.replaceChildren(el("li", { class: "failed", role: "alert" }, error.message))),
  };
}
