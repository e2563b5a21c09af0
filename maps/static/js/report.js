// A small form: report a problem at the asked point.

import { post } from "./api.js";
import { el } from "./dom.js";
import { t } from "./format.js";
import { leafName, whereIn } from "./placement.js";
import { setSheet } from "./sheet.js";

const CATEGORIES = ["road", "sanitation", "parking", "lighting", "greening", "noise", "safety", "other"];

/** Give a version 4 UUID; `crypto.randomUUID` is missing on plain http away from this machine. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Give the button that opens the form, and the form, for a point; `onSent` is told when a report was received. */
export function reportForm(at, onSent) {
  const id = newId(); // one for all tries: a repeat is answered like the first
  const description = el("textarea", { id: "report-description", rows: 3, maxlength: 2000, required: true, placeholder: t("report.description_hint") });
  const category = el("select", { id: "report-category" }, ...CATEGORIES.map((key) => el("option", { value: key }, t(`category.${key}`))));
  const outcome = el("p", { class: "outcome", role: "status" });
  const send = el("button", { type: "submit", class: "primary" }, t("report.send"));
  const open = el("button", { type: "button", class: "primary wide", onclick: () => toggle(true) }, t("report.open"));
  const form = el(
    "form",
    { class: "report", hidden: true, novalidate: true, "aria-label": t("report.title") },
    el("label", { for: "report-category" }, t("report.category")),
    category,
    el("label", { for: "report-description" }, t("report.description")),
    description,
    el("div", { class: "buttons" }, send, el("button", { type: "button", class: "plain", onclick: () => toggle(false) }, t("report.cancel"))),
    outcome,
  );

  function toggle(isOpen) {
    form.hidden = !isOpen;
    open.hidden = isOpen;
    outcome.textContent = "";
    setSheet(isOpen ? "full" : "half"); // on a phone; its keyboard takes the half below
    (isOpen ? category : open).focus();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    outcome.className = "outcome";
    if (!description.value.trim()) {
      outcome.classList.add("failed");
      outcome.textContent = t("report.needs_description");
      description.focus();
      return;
    }
    send.disabled = true;
    outcome.textContent = t("report.sending");
    try {
      const answer = await post("/api/v1/reports", {
        id,
        category: category.value,
        description: description.value.trim(),
        lon: at.lon,
        lat: at.lat,
        crs: "wgs84",
        accuracy_m: at.accuracy_m,
      });
      form.replaceWith(outcome);
      setSheet("half");
      outcome.classList.add("sent");
      outcome.replaceChildren(el("strong", {}, t("report.sent", { number: answer.issue_id })), el("br"), whereTo(answer));
      onSent(answer);
    } catch (error) {
      outcome.classList.add("failed");
      outcome.textContent = t("report.failed", { reason: error.message });
      send.disabled = false;
    }
  });
  return [open, form];
}

function whereTo(answer) {
  const leaf = leafName(answer.placement.leaf ?? answer.placement.grid);
  return leaf ? t("report.sent_to", { leaf, within: whereIn(answer.placement) }) : t("report.sent_outside");
}
