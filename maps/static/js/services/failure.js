// What is said where a request failed.

import { el } from "../dom.js";
import { t } from "../format.js";

/** Give the words for a failure; whose sign-in has ended signs in beside the page, so that nothing written is lost. */
export const failureOf = (error, words = error.message) =>
  error.status === 401 ? [words, " ", el("a", { href: "/sign-in", target: "_blank" }, t("account.sign_in"))] : [words];
