// The list of drafts, and opening one: a layer's borders of today in a division and below it.

import { startAccount } from "../account.js";
import { get, post, remove } from "../api.js";
import { field, openDialog } from "../dialog.js";
import { divisionField } from "../division_field.js";
import { byId, el } from "../dom.js";
import { ago, number, t } from "../format.js";
import { signInAddress } from "../session.js";

start();

async function start() {
  const me = await startAccount();
  if (!me) return location.replace(signInAddress());
  if (me.must_change_password) return;
  const section = byId("section");
  section.removeAttribute("aria-busy");
  if (!me.permissions.includes("drafts.read")) return section.replaceChildren(el("p", { class: "failed", role: "alert" }, t("draft.no_right")));
  showDrafts(section, me.permissions.includes("drafts.edit"));
}

function showDrafts(section, mayEdit) {
  const count = el("span", { class: "count", role: "status" });
  const rows = el("ul", { class: "rows", id: "drafts" });
  section.replaceChildren(
    el(
      "div",
      { class: "tools" },
      count,
      mayEdit ? el("button", { type: "button", class: "primary", id: "open-draft", onclick: openDraft }, t("draft.open_new")) : null,
    ),
    rows,
  );
  load();

  async function load(said = "") {
    try {
      const drafts = await get("/api/v1/editions", { status: "draft", limit: 500 });
      count.textContent = t("draft.count", { count: number(drafts.length) });
      rows.replaceChildren(...(drafts.length ? drafts.map((draft) => draftRow(draft, mayEdit, load)) : [nothingYet(mayEdit)]));
    } catch (error) {
      rows.replaceChildren(el("li", { class: "failed", role: "alert" }, error.message));
    }
    byId("news").textContent = said;
  }
}

const nothingYet = (mayEdit) => el("li", { class: "no-drafts" }, el("strong", {}, t("draft.none")), el("p", {}, t(mayEdit ? "draft.none_hint" : "draft.none_reader")));

function draftRow(draft, mayEdit, reload) {
  const address = `/planning/${draft.id}`;
  return el(
    "li",
    { class: "row draft", "data-draft": draft.id },
    el("a", { class: "draft-name", href: address }, draft.name, el("small", {}, `${draft.division_name} · ${draft.layer_name ?? draft.layer}`)),
    el("span", { class: "draft-steps" }, draft.draft_revision ? t("draft.revision", { revision: number(draft.draft_revision) }) : t("draft.untouched")),
    el("time", { datetime: draft.created_at }, t("draft.opened", { when: ago(new Date(draft.created_at)) })),
    el(
      "span",
      { class: "acts" },
      mayEdit
        ? el("button", { type: "button", class: "plain small", "aria-label": `${t("draft.discard")} ${draft.name}`, onclick: () => discard(draft, reload) }, t("draft.discard"))
        : null,
      el("a", { class: "primary small button", href: address }, t(mayEdit ? "draft.edit" : "draft.view")),
    ),
  );
}

function discard(draft, reload) {
  openDialog({
    title: t("draft.discard_title", { name: draft.name }),
    content: [el("p", {}, t("draft.discard_ask"))],
    action: t("draft.discard"),
    isDangerous: true,
    work: () => remove(`/api/v1/drafts/${draft.id}`, draft.draft_revision),
    onDone: () => reload(t("draft.discarded")),
  });
}

async function openDraft() {
  const layers = (await get("/api/v1/map")).layers;
  const layer = el("select", {}, ...layers.map((one) => el("option", { value: one.code }, `${one.city.name} · ${one.name}`)));
  const division = divisionField(t("draft.division_hint"));
  const name = el("input", { maxlength: 200, placeholder: t("draft.name_hint") });
  openDialog({
    title: t("draft.open_new"),
    content: [
      ...division.content,
      ...(layers.length > 1 ? field(t("draft.layer"), layer) : []),
      ...field(t("draft.name"), name),
    ],
    action: t("draft.open"),
    async work() {
      const code = division.code();
      if (code === undefined) {
        division.input.focus();
        throw new Error(t("admin.choose_division"));
      }
      return post("/api/v1/drafts", { layer: layer.value, division: code, name: name.value.trim() || null });
    },
    onDone: (draft) => location.assign(`/planning/${draft.id}`),
  });
}
