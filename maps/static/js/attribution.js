// The map's lower right corner: whose data it is drawn from, and the number under which it was approved.

import { el } from "./dom.js";
import { page, t } from "./format.js";

/** Put it there; `others` are owed the base map's streets. */
export function addAttribution(map, others) {
  const corner = L.control.attribution({ prefix: false, position: "bottomright" }).addTo(map);
  const approval = page.approval_number && `${t("approval.label")} ${page.approval_number}`;
  for (const words of [t("attribution.own"), ...others, approval]) if (words) corner.addAttribution(asMarkup(words));
}

/** Leaflet's attribution takes markup, so text must be escaped for it. */
const asMarkup = (text) => el("span", {}, text).innerHTML;
