// The panel's tabs, by the WAI-ARIA pattern.

import { byId, el } from "../dom.js";
import { t } from "../format.js";

/** Make tabs for the keys; gives each one's section, `open(key)`, and `mark(key, words)` for a count beside its name. */
export function startPanel(keys, onOpen) {
  const sections = {};
  const tabs = keys.map((key) => {
    sections[key] = el("section", { id: `panel-${key}`, role: "tabpanel", "aria-labelledby": `tab-${key}`, hidden: true });
    byId("panel-body").append(sections[key]);
    return el("button", { type: "button", role: "tab", id: `tab-${key}`, "aria-controls": `panel-${key}`, onclick: () => open(key) }, t(`draft.tab_${key}`), el("span", { class: "tab-mark" }));
  });
  byId("panel-tabs").append(...tabs);
  byId("panel-tabs").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = (keys.findIndex((key) => !sections[key].hidden) + by + keys.length) % keys.length;
    open(keys[next]);
    tabs[next].focus();
  });

  function open(wanted) {
    keys.forEach((key, i) => {
      sections[key].hidden = key !== wanted;
      tabs[i].setAttribute("aria-selected", String(key === wanted));
      tabs[i].tabIndex = key === wanted ? 0 : -1;
    });
    onOpen(wanted);
  }

  function mark(key, words, look = "") {
    const found = tabs[keys.indexOf(key)].querySelector(".tab-mark");
    found.textContent = words;
    found.className = `tab-mark ${look}`;
  }

  return { sections, open, mark, isOpen: (key) => !sections[key].hidden };
}
