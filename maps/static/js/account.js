// The corner of the page that says who is signed in, with the way in and out.

import { get } from "./api.js";
import { byId, el, toast } from "./dom.js";
import { named, t } from "./format.js";
import { isSignedIn, signInAddress, signOut } from "./session.js";

/** Show who is signed in, and give that (null: the public). A first password must be changed before anything else. */
export async function startAccount() {
  const me = isSignedIn() ? await get("/api/v1/auth/me").catch((error) => (error.status === 401 ? null : undefined)) : null;
  if (me?.must_change_password) {
    location.replace(signInAddress());
    return me;
  }
  byId("account").replaceChildren(...(me ? menuOf(me) : [signInLink()]));
  return me ?? null;
}

function signInLink() {
  const link = el("a", { class: "sign-in", href: signInAddress() }, t("account.sign_in"));
  link.addEventListener("click", () => (link.href = signInAddress())); // the view has moved since
  return link;
}

function menuOf(me) {
  const roles = [...new Set(me.grants.map(({ role }) => named("role", role)))].join(t("account.and"));
  const places = [...new Set(me.grants.map(({ division_name: name }) => name ?? t("account.everywhere")))].join(t("account.and"));
  const menu = el(
    "div",
    { class: "account-menu card", id: "account-menu", hidden: true },
    el("p", { class: "account-who" }, me.display_name ?? me.username, el("small", {}, [me.username, roles, places].filter(Boolean).join(" · "))),
    me.permissions.includes("drafts.read") && location.pathname !== "/planning" ? el("a", { href: "/planning" }, t("account.planning")) : null,
    me.permissions.includes("drafts.read") && location.pathname !== "/history" ? el("a", { href: "/history" }, t("account.history")) : null,
    me.permissions.includes("stations.edit") && location.pathname !== "/stations" ? el("a", { href: "/stations" }, t("account.stations")) : null,
    me.permissions.includes("coverage.read") && location.pathname !== "/coverage" ? el("a", { href: "/coverage" }, t("account.coverage")) : null,
    location.pathname === "/admin" ? null : el("a", { href: "/admin" }, t(canManage(me) ? "account.admin" : "account.own")),
    el("button", { type: "button", onclick: leave }, t("account.sign_out")),
  );
  const opener = el(
    "button",
    { type: "button", class: "account-open", "aria-expanded": "false", "aria-controls": "account-menu", onclick: () => toggle(menu.hidden) },
    el("span", { class: "account-initial", "aria-hidden": "true" }, (me.display_name ?? me.username ?? "?").slice(0, 1).toUpperCase()),
    el("span", { class: "account-name" }, el("span", {}, me.display_name ?? me.username), el("small", {}, roles || t("account.no_role"))),
  );

  function toggle(isOpen) {
    menu.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) menu.querySelector("a, button").focus();
  }

  document.addEventListener("click", ({ target }) => menu.hidden || byId("account").contains(target) || toggle(false));
  byId("account").addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    event.stopPropagation();
    toggle(false);
    opener.focus();
  });
  return [opener, menu];
}

const canManage = (me) => ["accounts.manage", "audit.read"].some((permission) => me.permissions.includes(permission));

async function leave() {
  if (!(await signOut().catch(() => false))) return toast(t("error.network"));
  if (location.pathname === "/") location.reload();
  else location.assign("/");
}
