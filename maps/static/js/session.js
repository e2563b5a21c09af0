// Who is signed in. The tokens are in cookies that scripts can't read; what they can read is the CSRF cookie, which is
// there for as long as the sign-in can be refreshed.

import { page } from "./format.js";

const REFRESHED_AT = "wangge.refreshed_at";
const FRESH_MS = 8 * 60 * 1000; // an access token lives ten minutes

let refreshing = null;

/** Give the CSRF token, empty where nobody is signed in: who is repeats it, which another site can't. */
export const csrfToken = () =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith("wangge_csrf="))
    ?.slice("wangge_csrf=".length) ?? "";

/** Tell whether this browser holds a sign-in; it may have been ended elsewhere. */
export const isSignedIn = () => csrfToken() !== "";

/** Tell when the access token was got, so that it is renewed before it ends: routes for all would answer as to the public. */
export function markFresh() {
  try {
    localStorage.setItem(REFRESHED_AT, String(Date.now()));
  } catch {
    // No storage: then every page begins by refreshing.
  }
}

/** Renew the access token if it is old; true when the caller may go on as signed in. */
export async function keepFresh() {
  if (!isSignedIn()) return false;
  return isFresh() || refresh();
}

/** Renew the access token once, however many ask; false, and signed out here, where the sign-in has ended. */
export function refresh() {
  refreshing ??= oneTabAtATime(renew).finally(() => (refreshing = null));
  return refreshing;
}

/** Sign out here. */
export async function signOut() {
  const answer = await send("/api/v1/auth/sign-out");
  try {
    localStorage.removeItem(REFRESHED_AT);
  } catch {
    // No storage, nothing to remove.
  }
  return answer.ok;
}

/** Give the address of the sign-in page that leads back to this one. */
export const signInAddress = () =>
  `/sign-in?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`;

function isFresh() {
  try {
    const age = Date.now() - Number(localStorage.getItem(REFRESHED_AT) ?? 0);
    return age >= 0 && age < FRESH_MS;
  } catch {
    return false;
  }
}

async function renew(startedAt) {
  if (lastRefresh() > startedAt) return true; // another tab did it while this one waited
  const answer = await send("/api/v1/auth/refresh");
  if (answer.ok) markFresh();
  else if (answer.status === 401) await signOut();
  return answer.ok;
}

function lastRefresh() {
  try {
    return Number(localStorage.getItem(REFRESHED_AT) ?? 0);
  } catch {
    return 0;
  }
}

/** A refresh token used twice counts as stolen: tabs must not use it at once. Locks are only there on https. */
const oneTabAtATime = (work) => {
  const startedAt = Date.now();
  return navigator.locks ? navigator.locks.request("wangge.refresh", () => work(startedAt)) : work(startedAt);
};

const send = (path) =>
  fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": page.language, "X-CSRF-Token": csrfToken() },
    body: "{}",
  });
