// Notice boards to print: for staff, of the grid and the community that a point lies in.

import { download } from "./api.js";
import { el } from "./dom.js";
import { t } from "./format.js";

export const PAPERS = ["a4", "a3"];

/** Give what offers the boards of an answer's grid and community; nothing to the public, whom nobody tells of people. */
export function boardPrinter({ leaf, grid, divisions }, me, layer) {
  const subjects = [grid && leaf && { ...grid, path: "grids" }, divisions.community && { ...divisions.community, path: "divisions" }].filter(Boolean);
  if (!me?.permissions.includes("map.read") || !subjects.length) return "";
  const outcome = el("p", { class: "outcome", role: "status" });
  const phones = el("input", { type: "checkbox" });

  async function print({ path, code }, paper, button) {
    const parameters = { paper, ...(layer && !layer.is_primary ? { layer: layer.code } : {}), ...(phones.checked ? { phones: true } : {}) };
    outcome.className = "outcome";
    outcome.textContent = t("board.working");
    button.disabled = true;
    try {
      await download(`/api/v1/${path}/${encodeURIComponent(code)}/notice-board.pdf`, parameters);
      outcome.textContent = t("board.saved");
    } catch (error) {
      outcome.classList.add("failed");
      outcome.textContent = t("board.failed", { reason: error.message });
    }
    button.disabled = false;
    outcome.scrollIntoView({ block: "nearest" });
  }

  return el(
    "details",
    { class: "boards" },
    el("summary", {}, t("board.title")),
    ...subjects.map((subject) =>
      el(
        "p",
        {},
        el("span", {}, subject.name),
        ...PAPERS.map((paper) => {
          const label = t("board.print", { name: subject.name, paper: paper.toUpperCase() });
          const button = el("button", { type: "button", class: "plain", title: label, "aria-label": label }, paper.toUpperCase());
          button.addEventListener("click", () => print(subject, paper, button));
          return button;
        }),
      ),
    ),
    me.permissions.includes("issues.read_personal") ? el("label", {}, phones, t("board.phones")) : null,
    outcome,
  );
}
