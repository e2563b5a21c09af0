// Search by code, name or coordinates: a combobox by the WAI-ARIA pattern.

import { get } from "./api.js";
import { byId, el } from "./dom.js";
import { t } from "./format.js";

const WAIT_MS = 220;

/** Let the search field search; `onChoose(place)` is told of a chosen place. */
export function wireSearch(onChoose) {
  const form = byId("search");
  const text = byId("search-text");
  const results = byId("search-results");
  let places = [];
  let active = -1;
  let underway = null;
  let waiting = 0;

  function show(items) {
    results.replaceChildren(...items);
    results.hidden = !items.length;
    text.setAttribute("aria-expanded", String(!results.hidden));
    activate(-1);
  }

  function activate(index) {
    active = index;
    [...results.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    const item = results.children[index];
    if (item?.id) text.setAttribute("aria-activedescendant", item.id);
    else text.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  }

  async function search() {
    clearTimeout(waiting);
    underway?.abort();
    const query = text.value.trim();
    places = [];
    if (!query) return show([]);
    const mine = (underway = new AbortController());
    try {
      places = await get("/api/v1/search", { q: query, limit: 8 }, mine.signal);
      if (mine !== underway) return;
      byId("search-status").textContent = t("search.count", { count: places.length });
      show(places.length ? places.map(resultItem) : [message(t("search.none", { query }))]);
    } catch (error) {
      if (error.name !== "AbortError") show([message(t("search.failed", { reason: error.message }))]);
    }
  }

  function resultItem(place, index) {
    const more = [t(`kind.${place.kind}`), place.crs && t(`crs.${place.crs}`), place.within, place.code].filter(Boolean).join(" · ");
    return el(
      "li",
      { role: "option", id: `result-${index}`, "aria-selected": "false", onpointerdown: (event) => event.preventDefault(), onclick: () => choose(index) },
      el("span", { class: "result-name" }, place.name),
      el("span", { class: "result-more" }, more),
    );
  }

  const message = (words) => el("li", { class: "message", role: "presentation" }, words);

  function choose(index) {
    const place = places[index];
    if (!place) return;
    text.value = place.name;
    show([]);
    text.blur();
    onChoose(place);
  }

  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, WAIT_MS);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (places.length) activate((active + (event.key === "ArrowDown" ? 1 : -1) + places.length) % places.length);
    } else if (event.key === "Escape") {
      if (results.hidden) text.value = "";
      show([]);
    }
  });
  text.addEventListener("focus", () => places.length && show(places.map(resultItem)));
  text.addEventListener("blur", () => show([]));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!places.length || waiting) await search();
    choose(Math.max(active, 0));
  });
}
