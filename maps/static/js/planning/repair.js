// Mending overlaps and gaps of imported borders: shown on the map as they are and as they would be, then one step.

import { change } from "../api.js";
import { field } from "../dialog.js";
import { el } from "../dom.js";
import { number, t } from "../format.js";
import { trace } from "./canvas.js";
import { LONG_MS } from "./draft.js";
import { boxOf, joinBoxes, worldOf } from "../geometry.js";
import { nameOf } from "./names.js";

const ALLOWED_M = 1;
const MOST_M = 50;
const MOST_AT_ONCE = 500; // as many as the server takes
const CLOSEST = 19;
const STILL_M = 0.02; // a border that only gets a neighbour's corner moves by rounding
const LOOKS = { before: ["rgba(179, 38, 30, 0.5)", "#b3261e"], after: ["rgba(34, 112, 58, 0.5)", "#22703a"] };

/** Give what shows and does repairs: `open(keys, words)` for findings, `close()`. */
export function makeRepair(desk) {
  let card = null;
  let strips = []; // per unit that changes: its polygons before and after, whose difference is what changes hands
  let side = "after";
  const left = new Set(); // keys that weren't mended: the next round begins with the others

  function open(all, words) {
    desk.overlay?.close();
    const keys = [...all].sort((a, b) => left.has(a) - left.has(b)).slice(0, MOST_AT_ONCE);
    const rest = all.length - keys.length;
    const limit = el("input", { type: "number", min: 0, max: MOST_M, step: 0.5, value: ALLOWED_M, required: true });
    const outcome = el("div", { class: "repair-outcome", role: "status" });
    const send = el("button", { type: "submit", class: "primary small", disabled: true }, t("repair.do"));
    const sides = ["before", "after"].map((one) => el("button", { type: "button", "aria-pressed": String(one === "after"), onclick: () => show(one) }, t(`repair.${one}`)));
    const opener = document.activeElement;
    const form = el(
      "form",
      { class: "repair card", "aria-label": t("repair.title"), novalidate: true },
      el("h2", { tabindex: -1 }, t("repair.title"), el("button", { type: "button", class: "close", "aria-label": t("place.close"), onclick: close }, "×")),
      el("p", {}, words),
      rest ? el("p", { class: "repair-rest" }, t("repair.rest", { most: number(MOST_AT_ONCE), count: number(rest) })) : "",
      el("div", { class: "repair-limit" }, ...field(t("repair.limit"), limit)),
      el("div", { class: "choice", role: "group", "aria-label": t("repair.show") }, ...sides),
      outcome,
      el("div", { class: "buttons" }, send, el("button", { type: "button", class: "plain small", onclick: close }, t("admin.cancel"))),
    );
    card = { form, keys, limit, outcome, send, sides, opener, asked: 0 };
    limit.addEventListener("change", ask);
    form.addEventListener("submit", mend);
    form.addEventListener("keydown", (event) => event.key === "Escape" && close());
    document.querySelector(".map-frame").append(form);
    form.querySelector("h2").focus();
    desk.lay({ paint, hint: "repair.hint", close });
    ask();
  }

  function close() {
    if (!card) return;
    const { form, opener } = card;
    const hadFocus = form.contains(document.activeElement);
    card = null;
    strips = [];
    form.remove();
    desk.draft.preview();
    desk.lay(null);
    if (hadFocus && opener?.isConnected) opener.focus();
  }

  const allowed = () => Math.max(0, Math.min(MOST_M, Number(card.limit.value) || 0));

  /** Ask what mending would change within the distance that is allowed. */
  async function ask() {
    const { outcome, send, keys } = card;
    const mine = ++card.asked;
    send.disabled = true;
    outcome.replaceChildren(el("p", {}, t("repair.asking")));
    const answer = await change("POST", `${desk.draft.path}/repairs`, null, { findings: keys, max_move_m: allowed() }, LONG_MS).catch((error) => error);
    if (!card || mine !== card.asked) return;
    if (answer instanceof Error) return outcome.replaceChildren(el("p", { class: "failed", role: "alert" }, answer.message));
    for (const key of answer.mended) left.delete(key);
    for (const { key } of answer.left) left.add(key);
    const changes = answer.changes.filter(({ moved_m: moved }) => moved > STILL_M);
    strips = changes.map(({ key, before, after }) => ({ key, before: worldOf(before), after: worldOf(after) }));
    outcome.replaceChildren(...told(answer, changes));
    send.disabled = !answer.mended.length;
    show(strips.length ? "after" : "before");
    const box = boxOfFlaws(keys, strips);
    if (box) desk.showBox(box, CLOSEST);
  }

  function told({ mended, left }, changes) {
    const signed = (m2) => `${m2 < 0 ? "−" : "+"}${number(Math.abs(m2), Math.abs(m2) < 10 ? 1 : 0)}`;
    const row = ({ key, moved_m: moved, gained_m2: gained }) =>
      el("li", {}, el("b", {}, nameOf(desk.draft, key)), el("span", {}, t("repair.change", { moved: number(moved, 2), gained: signed(gained) })));
    const further = left.filter(({ needed_m: far }) => far !== null && far <= MOST_M);
    const hopeless = left.length - further.length;
    const needed = roundedUp(Math.max(...further.map(({ needed_m: far }) => far)));
    return [
      mended.length ? el("p", {}, t("repair.mended", { count: number(mended.length) })) : null,
      changes.length ? el("ul", { class: "repair-changes" }, ...changes.map(row)) : null,
      further.length ? el("p", { class: "repair-left" }, t("repair.left", { count: number(further.length), needed: number(needed, 1) }), " ", allowMore(needed)) : null,
      hopeless ? el("p", { class: "repair-left" }, t("repair.hopeless", { count: number(hopeless) })) : null,
    ].filter(Boolean);
  }

  const roundedUp = (metres) => Math.min(MOST_M, Math.ceil(metres * 10 + 0.01) / 10);

  const allowMore = (metres) =>
    el(
      "button",
      {
        type: "button",
        class: "link",
        onclick: () => {
          card.limit.value = metres;
          card.limit.focus();
          ask();
        },
      },
      t("repair.allow", { metres: number(metres, 1) }),
    );

  /** Show the borders before or after. */
  function show(which) {
    side = which;
    card.sides.forEach((button, i) => button.setAttribute("aria-pressed", String(["before", "after"][i] === which)));
    desk.draft.preview(which === "after" ? new Map(strips.map(({ key, after }) => [key, after])) : undefined);
    desk.below.repaint();
    desk.repaint();
  }

  async function mend(event) {
    event.preventDefault();
    const operation = { kind: "repair", findings: card.keys, max_move_m: allowed() };
    close();
    await desk.run(operation);
  }

  /** Give the box of what is mended, else of what was to be. */
  function boxOfFlaws(keys, changed) {
    if (keys.length > 1) return desk.draft.boxOf();
    return desk.findings.boxOf(keys[0]) ?? (changed.length ? joinBoxes(changed.map(({ after }) => boxOf(after))) : null);
  }

  function paint(context, view) {
    const [fill, line] = LOOKS[side];
    for (const { before, after } of strips) {
      context.beginPath();
      trace(context, before, view);
      trace(context, after, view);
      context.fillStyle = fill;
      context.fill("evenodd");
    }
    desk.findings.outline(context, view, card.keys, line);
  }

  return { open, close };
}
