// A draft or an edition on paper.

import { download } from "./api.js";
import { PAPERS } from "./boards.js";
import { field, openDialog } from "./dialog.js";
import { divisionField } from "./division_field.js";
import { el } from "./dom.js";
import { t } from "./format.js";

/** Ask for the paper and save what a draft proposes, or the board of an edition's division as it was then, as a PDF. */
export function askPrint({ id, name, status, layer, division, division_level: level, published_at: publishedAt }) {
  const isDraft = status === "draft";
  const paper = el("select", {}, ...PAPERS.map((one) => el("option", { value: one }, one.toUpperCase())));
  const part = divisionField(t("board.part_hint"), undefined, t("board.part"));
  const hasParts = !isDraft && level !== "community";
  const boardOf = (code) => `/api/v1/divisions/${encodeURIComponent(code)}/notice-board.pdf`;
  openDialog({
    title: t("board.print_title", { name }),
    content: [el("p", {}, t(isDraft ? "board.print_draft" : "board.print_edition")), ...(hasParts ? part.content : []), ...field(t("board.paper"), paper)],
    action: t("board.make"),
    work: async () =>
      isDraft
        ? download(`/api/v1/drafts/${id}/notice-board.pdf`, { paper: paper.value })
        : download(boardOf(part.codeOrNone() ?? division), { paper: paper.value, layer, as_of: publishedAt }),
  });
}
