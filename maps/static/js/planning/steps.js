// The panel's history: the draft's steps, newest first, who made them and when; undoing back to one.

import { get } from "../api.js";
import { el } from "../dom.js";
import { ago, moment, number, t } from "../format.js";

/** Show the steps in a section of the panel; gives `update()`. */
export function startSteps(section, desk) {
  const rows = el("ol", { class: "step-rows", id: "step-rows" });
  section.append(el("p", { class: "panel-lead" }, t("draft.steps_hint")), rows);
  let asked = 0;

  async function update() {
    const mine = ++asked;
    const steps = await get(`${desk.draft.path}/operations`).catch((error) => error);
    if (mine !== asked) return;
    if (steps instanceof Error) return rows.replaceChildren(el("li", { class: "failed", role: "alert" }, steps.message));
    const done = steps.filter(({ is_undone: isUndone }) => !isUndone).length;
    rows.replaceChildren(...[...steps].reverse().map((step) => stepRow(step, done)));
    if (!steps.length) rows.replaceChildren(el("li", { class: "no-grids" }, t("draft.no_steps")));
    desk.showSteps(done, steps.length - done);
  }

  function stepRow({ number: at, kind, parameters, is_undone: isUndone, created_at: when, made_by: who }, done) {
    const back = done - at;
    return el(
      "li",
      { class: isUndone ? "step undone" : "step" },
      el("span", { class: "step-number" }, number(at)),
      el("span", { class: "step-what" }, t(`step.${kind}`), detail(parameters)),
      el("small", { title: moment(new Date(when)) }, [who, ago(new Date(when)), isUndone ? t("draft.undone") : null].filter(Boolean).join(" · ")),
      desk.mayEdit && !isUndone && back > 0
        ? el("button", { type: "button", class: "plain tiny", "aria-label": `${t("draft.back_to")} ${at}`, onclick: () => desk.undoSteps(back) }, t("draft.back_to"))
        : null,
    );
  }

  const detail = ({ keys, key, to, name }) => {
    const named = [...(keys ?? []), ...(key ? [key] : []), ...(to ? [to] : [])].map((one) => desk.draft.names.get(one) ?? one);
    const words = name ?? named.slice(0, 3).join(t("account.and"));
    return words ? el("small", {}, words) : "";
  };

  return { update };
}
