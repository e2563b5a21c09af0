// The sign-in page: name and password, a first password's change in place, then back to where one came from.

import { get, post } from "./api.js";
import { byId } from "./dom.js";
import { t } from "./format.js";
import { isSignedIn, markFresh, refresh } from "./session.js";

const form = byId("sign-in-form");
const change = byId("change-form");
const outcome = byId("outcome");
let waiting = 0;

start();

async function start() {
  form.addEventListener("submit", (event) => submit(event, signIn));
  change.addEventListener("submit", (event) => submit(event, changePassword));
  byId("show-password").addEventListener("click", () => {
    const isShown = byId("password").type === "text";
    byId("password").type = isShown ? "password" : "text";
    byId("show-password").setAttribute("aria-pressed", String(!isShown));
  });
  // Who only let the access token run out need not sign in again.
  if (isSignedIn() && (await refresh().catch(() => false))) {
    const me = await get("/api/v1/auth/me").catch(() => null);
    if (me) return goOn(me);
  }
  form.hidden = false;
  byId("username").focus();
}

async function submit(event, work) {
  event.preventDefault();
  say("");
  const button = event.target.querySelector("[type=submit]");
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    if (error.status === 429) return wait(error.waitS, button);
    say(error.message);
  }
  button.disabled = false;
}

async function signIn() {
  const username = byId("username").value.trim();
  const password = byId("password").value;
  if (!username || !password) {
    (username ? byId("password") : byId("username")).focus();
    throw new Error(t("sign_in.both"));
  }
  try {
    await post("/api/v1/auth/sign-in?cookies=true", { username, password });
  } catch (error) {
    if (error.status === 401) {
      byId("password").select();
      byId("password").focus();
      throw new Error(t("sign_in.wrong"));
    }
    throw error;
  }
  markFresh();
  goOn(await get("/api/v1/auth/me"));
}

/** Go where one came from, or ask for a password of one's own first. */
function goOn(me) {
  if (!me.must_change_password) return location.replace(destination());
  form.hidden = true;
  change.hidden = false;
  byId("page-title").textContent = t("sign_in.change_title");
  byId("change-name").value = me.username;
  const typed = byId("password").value;
  byId("old-password").value = typed;
  byId("old-row").hidden = typed !== "";
  byId(typed ? "new-password" : "old-password").focus();
}

async function changePassword() {
  const [first, second] = [byId("new-password").value, byId("repeat-password").value];
  if (first !== second) {
    byId("repeat-password").focus();
    throw new Error(t("password.differ"));
  }
  await post("/api/v1/auth/password?cookies=true", { old_password: byId("old-password").value, new_password: first });
  markFresh();
  location.replace(destination());
}

/** Only ever an address of this host: whoever made the link must not choose where a fresh sign-in goes. */
function destination() {
  const asked = new URLSearchParams(location.search).get("next") ?? "/";
  const url = URL.canParse(asked, location.origin) ? new URL(asked, location.origin) : null;
  const isOurs = asked.startsWith("/") && url?.origin === location.origin && url.pathname !== "/sign-in";
  return isOurs ? url.href : "/";
}

/** Count down until the server listens again. */
function wait(seconds, button) {
  clearInterval(waiting);
  let left = Math.max(1, seconds);
  const tell = () => {
    say(left > 0 ? t("sign_in.wait", { seconds: left }) : "");
    button.disabled = left > 0;
    if (left-- <= 0) clearInterval(waiting);
  };
  tell();
  waiting = setInterval(tell, 1000);
}

const say = (words) => (outcome.textContent = words);
