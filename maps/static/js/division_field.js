// Choosing a role and where it holds: divisions are searched by code or name, a combobox by the WAI-ARIA pattern.

import { get } from "./api.js";
import { field } from "./dialog.js";
import { el } from "./dom.js";
import { t } from "./format.js";

const WAIT_MS = 220;
const KINDS = ["city", "district", "street", "community"];

/** Give the fields of a role and a division, and `read()`, which gives both or says what is missing. */
export function roleFields(roles) {
  const role = el("select", {}, ...roles.map((key) => el("option", { value: key }, t(`role.${key}`))));
  const everywhere = el("input", { type: "checkbox", id: "everywhere" });
  const division = divisionField();
  everywhere.addEventListener("change", () => division.setDisabled(everywhere.checked));
  return {
    content: [
      ...field(t("admin.role"), role),
      ...division.content,
      el("label", { class: "check", for: "everywhere" }, everywhere, t("admin.everywhere_check")),
    ],
    read() {
      const code = everywhere.checked ? null : division.code();
      if (code === undefined) {
        division.input.focus();
        throw new Error(t("admin.choose_division"));
      }
      return { role: role.value, division_code: code };
    },
  };
}

const searched = async (query) =>
  (await get("/api/v1/search", { q: query, limit: 50 })).filter(({ kind, code }) => code && KINDS.includes(kind));

/** Give the field of one division, `code()`: what was chosen, undefined where nothing is; and `codeOrNone()`: null where the field is empty, which throws where something is written and nothing chosen. */
export function divisionField(hint = t("admin.division_hint"), find = searched, label = t("admin.division")) {
  const list = el("ul", { id: "division-list", class: "choices", role: "listbox", "aria-label": label, hidden: true });
  const input = el("input", {
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": "division-list",
    autocomplete: "off",
    maxlength: 100,
  });
  let found = [];
  let chosen;
  let active = -1;
  let waiting = 0;
  let asked = 0;

  function show(items) {
    list.replaceChildren(...items);
    list.hidden = !items.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    activate(-1);
  }

  function activate(index) {
    active = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    if (index < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  }

  function choose(index) {
    const division = found[index];
    if (!division) return;
    chosen = division.code;
    input.value = `${division.name}（${division.code}）`;
    show([]);
  }

  async function search() {
    const mine = ++asked;
    const query = input.value.trim();
    if (!query) return show([]);
    const places = await find(query).catch(() => []);
    if (mine !== asked) return;
    found = places.slice(0, 8);
    const items = found.map(({ kind, name, within, code }, index) =>
      el(
        "li",
        { role: "option", id: `division-${index}`, "aria-selected": "false", onpointerdown: (event) => event.preventDefault(), onclick: () => choose(index) },
        el("span", {}, name),
        el("small", {}, [t(`kind.${kind}`), within, code].filter(Boolean).join(" · ")),
      ),
    );
    show(items.length ? items : [el("li", { class: "message" }, t("admin.no_division"))]);
    if (!items.length) found = [];
  }

  input.addEventListener("input", () => {
    chosen = undefined;
    clearTimeout(waiting);
    waiting = setTimeout(search, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length && !list.hidden) {
      event.preventDefault();
      activate((active + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      choose(Math.max(active, 0));
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      show([]);
    }
  });
  // Closing moves what lies below: a button that is being pressed is let go first, or it would miss its click.
  input.addEventListener("blur", () => {
    if (!document.querySelector(":active")) return show([]);
    addEventListener("mouseup", () => setTimeout(() => document.activeElement === input || show([])), { once: true });
  });
  return {
    content: [...field(label, input, hint), list],
    input,
    code: () => chosen,
    codeOrNone() {
      if (chosen !== undefined || !input.value.trim()) return chosen ?? null;
      input.focus();
      throw new Error(t("admin.choose_division"));
    },
    setDisabled: (isOff) => {
      input.disabled = isOff;
      show([]);
    },
  };
}
