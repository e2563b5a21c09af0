// Requests to this server; every failure becomes a sentence in the page's language.

import { page, t } from "./format.js";

const TIMEOUT_MS = 10000;

/** A request that failed, with a reason that a person can read and the status, where there was an answer. */
export class RequestError extends Error {
  constructor(reason, status = 0) {
    super(reason);
    this.status = status;
  }
}

/** Get JSON. */
export const get = (path, parameters = {}, signal = undefined) =>
  request(`${path}?${new URLSearchParams(parameters)}`, { signal });

/** Post JSON. */
export const post = (path, body) =>
  request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": cookie("wangge_csrf") },
    body: JSON.stringify(body),
  });

/** Give a cookie that scripts may read: whoever is signed in repeats this one, which another site can't. */
const cookie = (name) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? "";

async function request(path, options) {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  let response;
  try {
    response = await fetch(path, {
      ...options,
      signal,
      headers: { Accept: "application/json", "Accept-Language": page.language, ...options.headers },
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new RequestError(t(error.name === "TimeoutError" ? "error.timeout" : "error.network"));
  }
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  const reason = response.status < 500 && problem.detail ? problem.detail : t("error.status", { status: response.status });
  throw new RequestError(reason, response.status);
}
