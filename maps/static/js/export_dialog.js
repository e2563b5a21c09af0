// A whole edition or draft as a file, in one of the formats that there are.

import { download } from "./api.js";
import { field, openDialog } from "./dialog.js";
import { el } from "./dom.js";
import { t } from "./format.js";

const FORMATS = ["geojson", "gpkg", "shp", "csv"];

/** Ask for a format and save the edition's file. */
export function askExport({ id, name }) {
  const format = el("select", {}, ...FORMATS.map((one) => el("option", { value: one }, t(`files.${one}`))));
  openDialog({
    title: t("files.export_title", { name }),
    content: [el("p", {}, t("files.export_note")), ...field(t("files.format"), format)],
    action: t("files.export"),
    work: () => download(`/api/v1/editions/${id}/export`, { format: format.value }),
  });
}
