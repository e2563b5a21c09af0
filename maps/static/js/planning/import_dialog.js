// A whole draft from a file: what it holds and nothing else, in one step.

import { openDialog } from "../dialog.js";
import { el } from "../dom.js";
import { number, t } from "../format.js";
import { notice } from "./notice.js";

const ENDINGS = ".geojson,.json,.gpkg,.zip,.csv";

/** Ask for the file and make the draft hold what it holds. */
export function askImport(desk) {
  const file = el("input", { type: "file", id: "import-file", class: "visually-hidden", accept: ENDINGS, required: true, "aria-describedby": "import-hint" });
  const chosen = el("span", { class: "file-name" }, t("files.none"));
  file.addEventListener("change", () => (chosen.textContent = file.files[0]?.name ?? t("files.none")));
  openDialog({
    title: t("files.import_title"),
    content: [
      el("p", {}, t("files.import_note")),
      el("div", { class: "file-field" }, file, el("label", { for: file.id, class: "plain button small" }, t("files.choose")), chosen),
      el("small", { id: "import-hint" }, t("files.file_hint")),
    ],
    action: t("files.import"),
    async work() {
      if (!file.files.length) throw new Error(t("files.missing"));
      return desk.draft.importFile(file.files[0]);
    },
    onDone(keys) {
      desk.stepped(t("step.import"), keys);
      notice(t(keys.length ? "files.imported" : "files.unchanged", { count: number(keys.length) }));
    },
  });
}
