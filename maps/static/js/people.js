// People who can sign in: adding them, what they may do where, first passwords, switching accounts off and on.

import { get, post, remove } from "./api.js";
import { field, openDialog, showOnce } from "./dialog.js";
import { divisionField, roleFields } from "./division_field.js";
import { byId, el } from "./dom.js";
import { number, t } from "./format.js";

const ROLES = ["planner", "dispatcher", "grid_worker", "manager", "admin"];
const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"; // none that is taken for another when read aloud or copied by hand

/** Show the people in a section. */
export function showPeople(section, me) {
  const filter = el("input", { type: "search", placeholder: t("admin.filter_people"), "aria-label": t("admin.filter_people"), oninput: list });
  const count = el("span", { class: "count", role: "status" });
  const people = el("ul", { class: "rows", id: "people" });
  let accounts = [];
  section.replaceChildren(
    el(
      "div",
      { class: "tools" },
      el("div", { class: "fields grow" }, filter),
      count,
      el("button", { type: "button", class: "primary", id: "add-person", onclick: () => addPerson(reload) }, t("admin.add_person")),
    ),
    people,
  );
  reload();

  async function reload(said = "") {
    try {
      accounts = await get("/api/v1/accounts");
      list();
    } catch (error) {
      people.replaceChildren(el("li", { class: "failed", role: "alert" }, error.message));
    }
    byId("news").textContent = said;
  }

  function list() {
    const wanted = filter.value.trim().toLowerCase();
    const fits = accounts.filter(({ username, display_name: name, division_name: home, grants }) =>
      [username, name, home ?? "", ...grants.map((grant) => `${t(`role.${grant.role}`)} ${grant.division_name ?? ""}`)].some((text) => text.toLowerCase().includes(wanted)),
    );
    count.textContent = t("admin.people_count", { count: number(fits.length) });
    people.replaceChildren(
      ...(fits.length ? fits.map((account) => personRow(account, account.username === me.username, reload)) : [el("li", { class: "hint" }, t("admin.nobody"))]),
    );
  }
}

function personRow(account, isMe, reload) {
  const { username, display_name: name, disabled_at: disabledAt, grants } = account;
  const path = `/api/v1/accounts/${encodeURIComponent(username)}`;
  const button = (words, onclick) => el("button", { type: "button", class: "plain small", "aria-label": `${words} ${name}`, onclick }, words);
  return el(
    "li",
    { class: disabledAt ? "row off" : "row", "data-account": username },
    el(
      "div",
      { class: "who" },
      el("strong", {}, name),
      el("small", {}, `${username} · ${account.division_name ?? t("admin.everywhere")}`),
      ...[
        isMe && "admin.you",
        disabledAt && "admin.disabled",
        account.must_change_password && "admin.must_change",
        account.source === "demo" && "admin.demo",
      ]
        .filter(Boolean)
        .map((key) => el("span", { class: `badge ${key.slice(6)}` }, t(key))),
    ),
    el(
      "ul",
      { class: "grants", "aria-label": t("admin.grants") },
      ...(grants.length ? grants.map((grant) => grantChip(account, grant, reload)) : [el("li", { class: "hint" }, t("account.no_role"))]),
    ),
    el(
      "div",
      { class: "acts" },
      button(t("admin.grant"), () => addGrant(account, path, reload)),
      isMe ? null : button(t("admin.reset"), () => resetPassword(account, path, reload)),
      isMe ? null : disabledAt ? button(t("admin.enable"), () => setEnabled(account, path, true, reload)) : button(t("admin.disable"), () => setEnabled(account, path, false, reload)),
    ),
  );
}

function grantChip({ display_name: name }, grant, reload) {
  const words = grantWords(grant);
  const take = () =>
    openDialog({
      title: t("admin.revoke_grant"),
      content: [el("p", {}, t("admin.revoke_grant_ask", { name, grant: words }))],
      action: t("admin.revoke"),
      isDangerous: true,
      work: () => remove(`/api/v1/grants/${grant.id}`),
      onDone: () => reload(t("admin.done")),
    });
  return el(
    "li",
    { class: "chip" },
    el("b", {}, t(`role.${grant.role}`)),
    el("span", {}, grant.division_name ?? t("admin.everywhere")),
    el("button", { type: "button", class: "chip-close", "aria-label": `${t("admin.revoke")} ${name} ${words}`, onclick: take }, "×"),
  );
}

const grantWords = ({ role, division_name: division }) => `${t(`role.${role}`)} · ${division ?? t("admin.everywhere")}`;

function addPerson(reload) {
  const name = el("input", { maxlength: 100, required: true, autocomplete: "off" });
  const username = el("input", { maxlength: 50, required: true, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const password = firstPassword();
  const division = divisionField(t("admin.home_hint"), undefined, t("admin.home"));
  openDialog({
    title: t("admin.add_person"),
    content: [...field(t("admin.display_name"), name), ...field(t("admin.username"), username, t("admin.username_hint")), ...division.content, ...field(t("admin.first_password"), password, t("password.rule"))],
    action: t("admin.add"),
    work: () => {
      for (const input of [name, username]) {
        if (input.value.trim()) continue;
        input.focus();
        throw new Error(t("admin.fill_in"));
      }
      const home = division.codeOrNone();
      return post("/api/v1/accounts", { username: username.value.trim(), display_name: name.value.trim(), password: password.value, division_code: home });
    },
    onDone: (account) => {
      reload(t("admin.done"));
      tellPassword(account, password.value);
    },
  });
}

function resetPassword(account, path, reload) {
  const password = firstPassword();
  openDialog({
    title: t("admin.reset_title", { name: account.display_name }),
    content: [el("p", { class: "hint" }, t("admin.reset_note")), ...field(t("admin.first_password"), password, t("password.rule"))],
    action: t("admin.reset"),
    work: () => post(`${path}/password`, { password: password.value }),
    onDone: () => {
      reload(t("admin.done"));
      tellPassword(account, password.value);
    },
  });
}

const tellPassword = ({ username, display_name: name }, secret) =>
  showOnce({ title: t("admin.password_title", { name }), note: t("admin.password_note", { username }), label: t("admin.first_password"), secret });

function addGrant(account, path, reload) {
  const fields = roleFields(ROLES);
  openDialog({
    title: t("admin.grant_title", { name: account.display_name }),
    content: fields.content,
    action: t("admin.grant"),
    work: async () => post(`${path}/grants`, fields.read()),
    onDone: () => reload(t("admin.done")),
  });
}

function setEnabled({ display_name: name }, path, isOn, reload) {
  openDialog({
    title: t(isOn ? "admin.enable" : "admin.disable"),
    content: [el("p", {}, t(isOn ? "admin.enable_ask" : "admin.disable_ask", { name }))],
    action: t(isOn ? "admin.enable" : "admin.disable"),
    isDangerous: !isOn,
    work: () => post(`${path}/${isOn ? "enable" : "disable"}`),
    onDone: () => reload(t("admin.done")),
  });
}

/** A field with a random password: nobody has to invent one. */
function firstPassword() {
  const some = crypto.getRandomValues(new Uint32Array(12));
  const letters = [...some].map((value) => LETTERS[value % LETTERS.length]).join("");
  return el("input", { maxlength: 200, autocomplete: "off", spellcheck: "false", class: "secret", value: letters.match(/.{4}/g).join("-") });
}
