// One's own account: a new password, and the end of all sign-ins.

import { post } from "./api.js";
import { field, openDialog } from "./dialog.js";
import { byId, el, toast } from "./dom.js";
import { t } from "./format.js";
import { markFresh } from "./session.js";

/** Show the caller's own account in a section. */
export function showOwnAccount(section, me) {
  const input = (autocomplete) => el("input", { type: "password", autocomplete, maxlength: 200, required: true });
  const old = input("current-password");
  const fresh = input("new-password");
  const repeat = input("new-password");
  const outcome = el("p", { class: "outcome failed", role: "alert" });
  const form = el(
    "form",
    { class: "fields card own", novalidate: true, "aria-label": t("admin.change_password") },
    el("h2", {}, t("admin.change_password")),
    el("input", { autocomplete: "username", value: me.username, hidden: true }),
    ...field(t("password.old"), old),
    ...field(t("password.new"), fresh, t("password.rule")),
    ...field(t("password.repeat"), repeat),
    el("button", { type: "submit", class: "primary" }, t("password.save")),
    outcome,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    outcome.textContent = "";
    try {
      if (fresh.value !== repeat.value) throw new Error(t("password.differ"));
      await post("/api/v1/auth/password?cookies=true", { old_password: old.value, new_password: fresh.value });
      markFresh();
      form.reset();
      toast(t("admin.password_changed"));
      byId("news").textContent = t("admin.password_changed");
    } catch (error) {
      outcome.textContent = error.message;
    }
  });
  const everywhere = () =>
    openDialog({
      title: t("admin.sign_out_everywhere"),
      content: [el("p", {}, t("admin.sign_out_everywhere_ask"))],
      action: t("admin.sign_out_everywhere"),
      isDangerous: true,
      work: () => post("/api/v1/auth/sign-out-everywhere"),
      onDone: () => location.assign("/sign-in"),
    });
  section.replaceChildren(
    form,
    el(
      "div",
      { class: "card own" },
      el("h2", {}, t("admin.sign_out_everywhere")),
      el("p", { class: "hint" }, t("admin.sign_out_everywhere_note")),
      el("button", { type: "button", class: "plain", id: "everywhere-out", onclick: everywhere }, t("admin.sign_out_everywhere")),
    ),
  );
}
