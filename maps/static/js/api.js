// Requests to this server; every failure becomes a sentence in the page's language.

import { page, t } from "./format.js";
import { csrfToken, isSignedIn, keepFresh, refresh } from "./session.js";

const TIMEOUT_MS = 10000;
const FILE_MS = 120000;
const TOKEN_ENDED = new Set(["InvalidTokenError", "NotSignedInError"]);

/** A request that failed, with a reason that a person can read and, where there was an answer, its status, kind and members. */
export class RequestError extends Error {
  constructor(reason, { status = 0, kind = "", waitS = 0, members = {} } = {}) {
    super(reason);
    this.status = status;
    this.kind = kind;
    this.waitS = waitS;
    this.members = members;
  }
}

/** Get JSON; what takes the server long says so with `timeoutMs`. */
export const get = (path, parameters = {}, signal = undefined, timeoutMs = TIMEOUT_MS) =>
  request(`${path}?${new URLSearchParams(parameters)}`, { signal, timeoutMs });

/** Post JSON. */
export const post = (path, body = {}) =>
  request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** Delete something. */
export const remove = (path, revision = null) => request(path, { method: "DELETE", headers: ifMatch(revision) });

/** Change something at the revision that was seen; 412 where somebody else has changed it since. */
export const change = (method, path, revision, body = {}, timeoutMs = TIMEOUT_MS) =>
  request(path, { method, timeoutMs, headers: { "Content-Type": "application/json", ...ifMatch(revision) }, body: JSON.stringify(body) });

/** Send a file in a form; 412 where what it is for has changed since the revision that was seen. */
export function upload(method, path, file, revision = null) {
  const body = new FormData();
  body.append("file", file);
  return request(path, { method, body, headers: ifMatch(revision), timeoutMs: FILE_MS });
}

/** Get a file and save it under the name that the server gives it. */
export async function download(path, parameters) {
  const response = await answered(`${path}?${new URLSearchParams(parameters)}`, { timeoutMs: FILE_MS });
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), FILE_MS);
}

const ifMatch = (revision) => (revision === null ? {} : { "If-Match": `"${revision}"` });

async function request(path, options) {
  const response = await answered(path, options);
  return response.status === 204 ? null : response.json();
}

/** Give the server's answer; throws where it refuses. */
async function answered(path, options) {
  const isAuth = path.startsWith("/api/v1/auth/sign-in");
  if (!isAuth) await keepFresh().catch(() => false);
  let response = await answerTo(path, options);
  // The sign-in may have been ended or renewed elsewhere: once more with a new token, or as the public.
  if (response.status === 401 && !isAuth && isSignedIn() && TOKEN_ENDED.has(await kindOf(response))) {
    await refresh().catch(() => false);
    response = await answerTo(path, options);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const reason =
    response.status < 500 && problem.detail ? inLanguage(problem.detail) : t("error.status", { status: response.status });
  throw new RequestError(reason, {
    status: response.status,
    kind: problem.type?.split("/").pop() ?? "",
    waitS: Number(response.headers.get("Retry-After") ?? 0),
    members: problem,
  });
}

const kindOf = async (response) => (await response.clone().json().catch(() => ({}))).type?.split("/").pop();

async function answerTo(path, options) {
  const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const csrf = options.method ? { "X-CSRF-Token": csrfToken() } : {};
  try {
    return await fetch(path, {
      ...options,
      signal,
      headers: { Accept: "application/json", "Accept-Language": page.language, ...csrf, ...options.headers },
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new RequestError(t(error.name === "TimeoutError" ? "error.timeout" : "error.network"));
  }
}

/** The server says it in Chinese and then in English: give the page's part. */
export function inLanguage(detail) {
  const cut = detail.indexOf("。 ");
  if (cut < 0) return detail;
  return page.language === "en" ? detail.slice(cut + 2) : detail.slice(0, cut + 1);
}
