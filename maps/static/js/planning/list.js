// The list of drafts, and opening one: a layer's borders of today in a division and below it.

import { startAccount } from "../account.js";
import { change, get, inLanguage, post, remove } from "../api.js";
import { field, openDialog } from "../dialog.js";
import { divisionField } from "../division_field.js";
import { byId, el } from "../dom.js";
import { ago, moment, number, t } from "../format.js";
import { askPrint } from "../print_dialog.js";
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
      el("a", { class: "plain button", href: "/history" }, t("draft.history")),
      mayEdit ? el("button", { type: "button", class: "primary", id: "open-draft", onclick: openDraft }, t("draft.open_new")) : null,
    ),
    rows,
  );
  load();

  async function load(said = "") {
    try {
      const [drafts, { layers }] = await Promise.all([get("/api/v1/editions", { status: "draft", limit: 500 }), get("/api/v1/map")]);
      const names = new Map(layers.map(({ code, name }) => [code, name]));
      count.textContent = t("draft.count", { count: number(drafts.length) });
      rows.replaceChildren(...(drafts.length ? drafts.map((draft) => draftRow(draft, names.get(draft.layer) ?? draft.layer, mayEdit, load)) : [nothingYet(mayEdit)]));
    } catch (error) {
      rows.replaceChildren(el("li", { class: "failed", role: "alert" }, error.message));
    }
    byId("news").textContent = said;
  }
}

const nothingYet = (mayEdit) => el("li", { class: "no-drafts" }, el("strong", {}, t("draft.none")), el("p", {}, t(mayEdit ? "draft.none_hint" : "draft.none_reader")));

function draftRow(draft, layer, mayEdit, reload) {
  const address = `/planning/${draft.id}`;
  const act = (words, work) => el("button", { type: "button", class: "plain small", "aria-label": `${words} ${draft.name}`, onclick: work }, words);
  return el(
    "li",
    { class: "row draft", "data-draft": draft.id },
    el("a", { class: "draft-name", href: address }, draft.name, ...describe(draft, layer).map((words) => el("small", {}, words))),
    el("span", { class: "draft-steps" }, stateOf(draft)),
    el("time", { datetime: draft.created_at }, t("draft.opened", { who: draft.author ?? "", when: ago(new Date(draft.created_at)) })),
    el(
      "span",
      { class: "acts" },
      act(t("board.print_act"), () => askPrint(draft)),
      mayEdit ? act(t("draft.rename"), () => rename(draft, reload)) : null,
      mayEdit ? act(t("draft.discard"), () => discard(draft, reload)) : null,
      el("a", { class: "primary small button", href: address }, t(mayEdit ? "draft.edit" : "draft.view")),
    ),
  );
}

/** Say what a draft is about, and who is to look at it. */
function describe({ division_name: place, note, reviewers, publish_refusal: refusal }, layer) {
  return [
    [place, layer].join(" · "),
    note,
    reviewers.length ? t("draft.reviewed_by", { who: reviewers.join(t("account.and")) }) : null,
    refusal ? t("draft.not_published", { reason: inLanguage(refusal) }) : null,
  ].filter(Boolean);
}

function stateOf({ publish_at: at, steps, last_step_at: last }) {
  if (at) return t("draft.planned", { when: moment(new Date(at)) });
  return steps ? t("draft.last_step", { steps: number(steps), when: ago(new Date(last)) }) : t("draft.untouched");
}

function rename(draft, reload) {
  const name = el("input", { maxlength: 200, required: true, value: draft.name });
  const note = el("textarea", { maxlength: 2000, rows: 3 }, draft.note ?? "");
  const reviewers = el("input", { maxlength: 500, value: draft.reviewers.join("，"), autocomplete: "off", spellcheck: "false" });
  openDialog({
    title: t("draft.rename"),
    content: [...field(t("draft.unit_name"), name), ...field(t("draft.note"), note), ...field(t("draft.reviewers"), reviewers, t("draft.reviewers_hint"))],
    action: t("draft.save"),
    async work() {
      if (!name.value.trim()) throw new Error(t("draft.name_missing"));
      const path = `/api/v1/drafts/${draft.id}`;
      const wanted = new Set(reviewers.value.split(/[\s,，、;；]+/).filter(Boolean));
      for (const one of wanted) if (!draft.reviewers.includes(one)) await post(`${path}/reviewers`, { username: one });
      for (const one of draft.reviewers) if (!wanted.has(one)) await remove(`${path}/reviewers/${encodeURIComponent(one)}`);
      return change("PATCH", path, draft.draft_revision, { name: name.value.trim(), note: note.value.trim() });
    },
    onDone: () => reload(t("draft.renamed")),
  });
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
