// API keys of other systems: made, shown once, revoked.

import { get, post, remove } from "./api.js";
import { field, openDialog, showOnce } from "./dialog.js";
import { roleFields } from "./division_field.js";
import { byId, el } from "./dom.js";
import { day, t } from "./format.js";

const ROLES = ["planner", "dispatcher", "grid_worker", "manager"];
const DAYS = [30, 90, 180, 365];

/** Show the keys in a section. */
export function showKeys(section) {
  const keys = el("ul", { class: "rows", id: "keys" });
  section.replaceChildren(
    el(
      "div",
      { class: "tools" },
      el("p", { class: "hint grow" }, t("admin.keys_note")),
      el("button", { type: "button", class: "primary", id: "add-key", onclick: () => addKey(reload) }, t("admin.add_key")),
    ),
    keys,
  );
  reload();

  async function reload(said = "") {
    try {
      const found = await get("/api/v1/api-keys");
      keys.replaceChildren(...(found.length ? found.map((key) => keyRow(key, reload)) : [el("li", { class: "hint" }, t("admin.no_keys"))]));
    } catch (error) {
      keys.replaceChildren(el("li", { class: "failed", role: "alert" }, error.message));
    }
    byId("news").textContent = said;
  }
}

function keyRow(key, reload) {
  const state = key.revoked_at ? "revoked" : Date.parse(key.expires_at) <= Date.now() ? "expired" : "valid";
  const revoke = () =>
    openDialog({
      title: t("admin.revoke_key"),
      content: [el("p", {}, t("admin.revoke_key_ask", { name: key.name }))],
      action: t("admin.revoke_short"),
      isDangerous: true,
      work: () => remove(`/api/v1/api-keys/${key.id}`),
      onDone: () => reload(t("admin.done")),
    });
  return el(
    "li",
    { class: state === "valid" ? "row" : "row off", "data-key": key.id },
    el("div", { class: "who" }, el("strong", {}, key.name), el("span", { class: `badge ${state}` }, t(`admin.key_${state}`))),
    el(
      "div",
      { class: "grants" },
      el("span", { class: "chip" }, el("b", {}, t(`role.${key.role}`)), el("span", {}, key.division_name ?? t("admin.everywhere"))),
      el("small", {}, t("admin.key_dates", { made: day(new Date(key.created_at)), expires: day(new Date(key.expires_at)) })),
    ),
    el(
      "div",
      { class: "acts" },
      state === "valid" ? el("button", { type: "button", class: "plain small", "aria-label": `${t("admin.revoke_short")} ${key.name}`, onclick: revoke }, t("admin.revoke_short")) : null,
    ),
  );
}

function addKey(reload) {
  const name = el("input", { maxlength: 100, required: true, autocomplete: "off" });
  const days = el("select", {}, ...DAYS.map((value) => el("option", { value, selected: value === 90 }, t("admin.days", { value }))));
  const fields = roleFields(ROLES);
  openDialog({
    title: t("admin.add_key"),
    content: [...field(t("admin.key_name"), name, t("admin.key_name_hint")), ...fields.content, ...field(t("admin.key_life"), days)],
    action: t("admin.make"),
    work: async () => {
      if (!name.value.trim()) {
        name.focus();
        throw new Error(t("admin.fill_in"));
      }
      const expires = new Date(Date.now() + Number(days.value) * 86400000);
      return post("/api/v1/api-keys", { name: name.value.trim(), ...fields.read(), expires_at: expires.toISOString() });
    },
    onDone: ({ key }) => {
      reload(t("admin.done"));
      showOnce({ title: t("admin.key_title"), note: t("admin.key_note"), label: t("admin.key"), secret: key });
    },
  });
}
