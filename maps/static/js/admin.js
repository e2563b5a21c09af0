// The administration page: the sections that the caller's permissions open, one shown at a time.

import { startAccount } from "./account.js";
import { showAudit } from "./audit.js";
import { byId, el } from "./dom.js";
import { t } from "./format.js";
import { showKeys } from "./keys.js";
import { showOwnAccount } from "./own_account.js";
import { showPeople } from "./people.js";
import { signInAddress } from "./session.js";

const SECTIONS = [
  { key: "people", show: showPeople, permission: "accounts.manage" },
  { key: "keys", show: showKeys, permission: "accounts.manage" },
  { key: "audit", show: showAudit, permission: "audit.read" },
  { key: "own", show: showOwnAccount, permission: "signed_in" },
];

start();

async function start() {
  const me = await startAccount();
  if (!me) return location.replace(signInAddress());
  if (me.must_change_password) return;
  const open = SECTIONS.filter(({ permission }) => me.permissions.includes(permission));
  const links = open.map(({ key }) => el("a", { href: `#${key}` }, t(`admin.${key}`)));
  byId("tabs").replaceChildren(...links);

  function show() {
    const chosen = open.find(({ key }) => location.hash === `#${key}`) ?? open[0];
    links.forEach((link, i) => (open[i] === chosen ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")));
    const section = el("section", { id: "section", "data-section": chosen.key, "aria-label": t(`admin.${chosen.key}`) });
    byId("section").replaceWith(section);
    chosen.show(section, me);
  }

  addEventListener("hashchange", show);
  show();
}
