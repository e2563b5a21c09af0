// The audit log: searched, newest first, older entries on demand.

import { get } from "./api.js";
import { field } from "./dialog.js";
import { el } from "./dom.js";
import { moment, named, number, t } from "./format.js";

const LIMIT = 50;
const ACTIONS = [
  "sign_in",
  "sign_in.refused",
  "sign_out.here",
  "sign_out.everywhere",
  "account.add",
  "account.password",
  "account.disable",
  "account.enable",
  "grant.add",
  "grant.revoke",
  "key.add",
  "key.revoke",
  "password.refused",
  "personal_data.read",
  "personal_data.erase",
  "personal_data.erase_due",
  "draft.open",
  "draft.apply",
  "draft.undo",
  "draft.redo",
  "draft.rebase",
  "draft.publish",
  "draft.plan_publish",
  "draft.cancel_publish",
  "draft.publish_refused",
  "draft.discard",
  "draft.describe",
  "draft.share",
  "draft.unshare",
  "draft.remark",
  "finding.waive",
  "finding.unwaive",
  "import.start",
  "import.load",
  "import.refused",
  "import.failed",
  "phones.print",
  "station.add",
  "station.change",
  "station.photo",
  "station.retire",
  "request.change",
];
const KINDS = ["account", "api_key", "issue", "report", "drafts", "import", "station", "grids", "divisions", "reporter", "request"];

/** Show the audit log in a section. */
export function showAudit(section) {
  const account = el("input", { maxlength: 100, autocomplete: "off", autocapitalize: "none" });
  const option = (prefix) => (value) => el("option", { value }, value ? t(`${prefix}.${value}`) : t("admin.any"));
  const action = el("select", {}, ...["", ...ACTIONS].map(option("action")));
  const kind = el("select", {}, ...["", ...KINDS].map(option("object")));
  const since = el("input", { type: "datetime-local" });
  const until = el("input", { type: "datetime-local" });
  const boxed = (label, input) => el("div", {}, ...field(label, input));
  const entries = el("ol", { class: "rows audit", id: "audit" });
  const outcome = el("p", { class: "hint", role: "status" });
  const older = el("button", { type: "button", class: "plain wide", id: "older", hidden: true, onclick: () => search(true) }, t("admin.older"));
  let last = null;
  let asked = 0;
  const form = el(
    "form",
    { class: "fields filters", role: "search", "aria-label": t("admin.audit") },
    boxed(t("admin.audit_account"), account),
    boxed(t("admin.audit_action"), action),
    boxed(t("admin.audit_object"), kind),
    boxed(t("admin.since"), since),
    boxed(t("admin.until"), until),
    el("button", { type: "submit", class: "primary" }, t("admin.search")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search(false);
  });
  section.replaceChildren(form, outcome, entries, older);
  search(false);

  async function search(isMore) {
    const mine = ++asked;
    const instant = ({ value }) => (value ? new Date(value).toISOString() : "");
    const asks = {
      account: account.value.trim().toLowerCase(),
      action: action.value,
      kind: kind.value,
      since: instant(since),
      until: instant(until),
      before_id: isMore ? String(last) : "",
      limit: String(LIMIT),
    };
    try {
      const found = await get("/api/v1/audit", Object.fromEntries(Object.entries(asks).filter(([, value]) => value)));
      if (mine !== asked) return;
      if (!isMore) entries.replaceChildren();
      const rows = found.map(entryRow);
      entries.append(...rows);
      last = found.at(-1)?.id ?? last;
      older.hidden = found.length < LIMIT;
      outcome.className = "hint";
      outcome.textContent = entries.children.length ? t("admin.entries", { count: number(entries.children.length) }) : t("admin.no_entries");
      if (isMore && rows.length) rows[0].focus();
    } catch (error) {
      outcome.className = "failed";
      outcome.textContent = error.message;
    }
  }
}

function entryRow(entry) {
  const changes = [...lines("admin.before", entry.before), ...lines("admin.after", entry.after)];
  return el(
    "li",
    { class: "row entry", tabindex: "-1" },
    el("time", { datetime: entry.at }, moment(new Date(entry.at))),
    el("span", { class: "entry-who" }, entry.who ?? t("admin.the_public")),
    el("span", { class: "entry-what" }, el("b", {}, named("action", entry.action)), " ", el("small", {}, `${named("object", entry.object_kind)} ${entry.object_id}`)),
    el("small", { class: "entry-where" }, [entry.division, entry.address].filter(Boolean).join(" · ")),
    changes.length ? el("details", {}, el("summary", {}, t("admin.changes")), el("ul", {}, ...changes)) : null,
  );
}

const lines = (key, values) =>
  Object.entries(values ?? {}).map(([name, value]) => el("li", {}, el("small", {}, t(key)), " ", `${name}: ${value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : value}`));
