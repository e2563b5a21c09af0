// The page on which a draft is edited: puts map, tools and panel together.

import { startAccount } from "../account.js";
import { get } from "../api.js";
import { addAttribution } from "../attribution.js";
import { byId, el } from "../dom.js";
import { number, page, t } from "../format.js";
import { addScale } from "../scale.js";
import { signInAddress } from "../session.js";
import { shown } from "../style.js";
import { setAddress } from "../tiles.js";
import { readAddress, writeAddress } from "../view.js";
import { Desk } from "./desk.js";
import { Draft } from "./draft.js";
import { BANDS } from "./drawing.js";

/** Start the page on the map and tile layer that folium declared. */
export async function start({ map, tiles }) {
  map.doubleClickZoom.disable();
  map.boxZoom.disable();
  addScale(map);
  addAttribution(map, page.map.attributions);
  byId("zoom-in").addEventListener("click", () => map.zoomIn());
  byId("zoom-out").addEventListener("click", () => map.zoomOut());

  const me = await startAccount();
  if (!me) return location.replace(signInAddress());
  if (me.must_change_password) return;
  if (!me.permissions.includes("drafts.read")) return stop(t("draft.no_right"));
  keepAddressOnLanguageSwitch();
  try {
    const edition = await get(`/api/v1/editions/${page.draft}`);
    if (edition.status !== "draft") return stop(t(`draft.is_${edition.status}`));
    const draft = new Draft(edition);
    const mayEdit = me.permissions.includes("drafts.edit") && !matchMedia("(max-width: 760px)").matches;
    byId("toolbar").hidden = !mayEdit;
    map.invalidateSize({ animate: false }); // the toolbar has taken some of its room
    await draft.load();
    await openView(map, draft);
    showBase(map, tiles, edition);
    describe(edition);
    listBands(null);
    const desk = new Desk({ map, draft, me, mayEdit });
    byId("whole").addEventListener("click", () => desk.zoomTo(null));
    desk.start();
    draft.loadFigures().then(() => listBands(draft.limits), desk.fail);
    byId("loading").remove();
  } catch (error) {
    stop(error.message);
    if (!error.kind) throw error; // a fault of ours, for the console
  }
}

/** Say why nothing can be edited here, with the way back. */
function stop(reason) {
  byId("loading")?.remove();
  const notice = byId("notice");
  notice.replaceChildren(el("p", {}, reason), el("a", { href: "/planning", class: "plain button small" }, t("draft.to_list")));
  notice.hidden = false;
}

function keepAddressOnLanguageSwitch() {
  for (const link of document.querySelectorAll(".languages a")) link.addEventListener("click", () => (link.hash = location.hash));
}

/** Show the base map below the draft: streets, water and division borders, no published grids. */
function showBase(map, tiles, edition) {
  shown.grids = false;
  shown.micro_grids = false;
  const layer = page.map.layers.find(({ code }) => code === edition.layer);
  setAddress(tiles, "base", page.map.base_tiles);
  setAddress(tiles, "grids", layer?.tiles ?? null);
  tiles.addTo(map);
}

async function openView(map, draft) {
  map.on("moveend", () => writeAddress(map, null));
  const { view } = readAddress();
  if (view) return map.setView([view.lat, view.lon], view.zoom);
  const bounds = draft.bounds() ?? (await get("/api/v1/search", { q: draft.edition.division, limit: 1 }))[0]?.bounds ?? page.map.layers[0]?.bounds;
  if (!bounds) return;
  const [west, south, east, north] = bounds;
  map.fitBounds([[south, west], [north, east]], { maxZoom: 17, animate: false, padding: [20, 20] });
}

function describe(edition) {
  byId("draft-name").textContent = edition.name;
  document.title = `${edition.name} · ${t("draft.title")}`;
}

function listBands(limits) {
  const range = limits && { below: `< ${number(limits.households_min)}`, within: `${number(limits.households_min)}–${number(limits.households_max)}`, above: `> ${number(limits.households_max)}` };
  byId("legend").replaceChildren(
    ...Object.entries(BANDS).map(([band, { fill }]) => {
      const swatch = el("span", { class: "swatch fill", "aria-hidden": "true" });
      swatch.style.setProperty("--ink", fill);
      return el("li", {}, swatch, t(`draft.band_${band}`), range?.[band] ? el("small", {}, range[band]) : "");
    }),
  );
}

