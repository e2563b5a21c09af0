// A form in a modal dialog, and what is shown only once.

import { el } from "./dom.js";
import { t } from "./format.js";

let count = 0;

/** Open a dialog with fields; `work()` does what is asked, its error stays in the dialog, its result closes it. Gives the dialog. */
export function openDialog({ title, content = [], action, isDangerous = false, work, onDone = () => {} }) {
  const id = `dialog-${++count}`;
  const outcome = el("p", { class: "outcome failed", role: "alert" });
  const send = el("button", { type: "submit", class: isDangerous ? "primary danger" : "primary" }, action);
  const form = el(
    "form",
    { class: "fields", novalidate: true },
    ...content,
    outcome,
    el("div", { class: "buttons" }, send, el("button", { type: "button", class: "plain", onclick: () => dialog.close() }, t("admin.cancel"))),
  );
  const dialog = el("dialog", { class: "card", "aria-labelledby": id }, el("h2", { id }, title), form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    outcome.textContent = "";
    send.disabled = true;
    try {
      const result = await work();
      dialog.close();
      onDone(result);
    } catch (error) {
      outcome.textContent = error.message;
      send.disabled = false;
    }
  });
  present(dialog);
  return dialog;
}

/** Show a secret that can't be shown again, with a button that copies it. */
export function showOnce({ title, note, label, secret }) {
  const id = `dialog-${++count}`;
  const box = el("input", { id: `${id}-secret`, readonly: true, value: secret, class: "secret", spellcheck: "false" });
  const copied = el("p", { class: "outcome sent", role: "status" });
  const copy = async () => {
    box.select();
    // The clipboard is only there on https and on this machine itself; the old command works everywhere.
    const done = navigator.clipboard
      ? await navigator.clipboard.writeText(secret).then(() => true, () => document.execCommand("copy"))
      : document.execCommand("copy");
    copied.textContent = t(done ? "admin.copied" : "admin.copy_failed");
  };
  const dialog = el(
    "dialog",
    { class: "card once", "aria-labelledby": id },
    el("h2", { id }, title),
    el("p", {}, note),
    el("div", { class: "fields" }, el("label", { for: `${id}-secret` }, label), box),
    copied,
    el(
      "div",
      { class: "buttons" },
      el("button", { type: "button", class: "primary", onclick: copy }, t("admin.copy")),
      el("button", { type: "button", class: "plain", onclick: () => dialog.close() }, t("admin.saved_it")),
    ),
  );
  present(dialog);
  box.select();
}

/** Make a label and its field. */
export function field(label, input, hint = null) {
  input.id ||= `field-${++count}`;
  const described = hint ? el("small", { id: `${input.id}-hint` }, hint) : null;
  if (described) input.setAttribute("aria-describedby", described.id);
  return [el("label", { for: input.id }, label), input, described].filter(Boolean);
}

function present(dialog) {
  const opener = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected) opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}
