// Who is responsible for a point, and why: the server's answer in words.

import { el } from "./dom.js";
import { distance, named, number, t } from "./format.js";

/** Give the name of a leaf as people say it; a remainder has its grid's. */
export function leafName(leaf) {
  if (!leaf) return null;
  const name = leaf.name || leaf.code;
  return leaf.is_remainder ? t("place.remainder", { grid: name }) : name;
}

/** Give the reason as sentences. */
function reasons(answer) {
  const { nearest, edition, method } = answer;
  const leaf = answer.leaf ?? answer.grid; // the public is told of grids only
  const away = distance(answer.edge_distance_m ?? 0);
  const said = [];
  if (method !== "outside" && !answer.leaf) said.push(t("place.in_grid", { grid: leaf.name }));
  else if (method === "covers") said.push(t("place.covers", { leaf: leafName(leaf), distance: away }));
  else if (method === "edge") said.push(t("place.edge", { leaf: leafName(leaf) }));
  else if (method === "snapped") said.push(t("place.snapped", { leaf: leafName(leaf), distance: away }));
  else if (answer.division) said.push(t("place.outside", { division: answer.division.name }));
  else said.push(t("place.outside_unknown"));
  if (method === "outside" && nearest) said.push(t("place.nearest", { leaf: nearest.name, distance: distance(nearest.distance_m) }));
  if (edition) said.push(t("place.version", { edition: edition.name, revision: answer.revision }));
  return said;
}

/** Give the card's content for an answer at a point; what can be done stands under who is responsible. */
export function placementCard(answer, at, actions) {
  const { grid, micro_grid: micro, division } = answer;
  const leaf = answer.leaf ?? grid;
  const upwards = ["city", "district", "street", "community"].map((level) => answer.divisions[level]?.name).filter(Boolean);
  return el(
    "div",
    { class: "placement" },
    el(
      "div",
      { class: "responsible" },
      el("p", { class: "responsible-name" }, leafName(leaf) ?? division?.name ?? t("place.nobody")),
      leaf ? el("p", { class: "responsible-within" }, whereIn(answer)) : null,
      el("p", { class: "responsible-code" }, leaf?.code ?? division?.code ?? ""),
      el("p", { class: `certainty ${leaf ? answer.certainty : "nobody"}` }, certaintyOf(answer)),
    ),
    ...actions,
    el(
      "dl",
      {},
      ...row(t("place.grid"), micro && grid?.name, grid?.code),
      ...row(t("place.division"), upwards.join(" › ")),
      ...row(t("place.branch"), ...branchOf(answer)),
      ...row(t("place.posts"), ...(answer.leaf ? postsOf(answer) : [])),
      ...row(t("place.coordinates"), `${at.lon.toFixed(6)}, ${at.lat.toFixed(6)}`, at.accuracy_m && `± ${distance(at.accuracy_m)}`),
    ),
    candidatesOf(answer),
    el("h3", {}, t("place.reason")),
    el("ul", { class: "reasons" }, ...reasons(answer).map((said) => el("li", {}, said))),
  );
}

/** Names such as 第3网格 are those of a thousand grids: what a leaf lies in, smallest first. */
export const whereIn = ({ grid, micro_grid: micro, division }) => [micro && grid?.name, division?.name].filter(Boolean).join(" · ");

function certaintyOf(answer) {
  if (!answer.leaf && !answer.grid) return t("place.nobody");
  return t(answer.certainty === "ambiguous" ? "place.ambiguous" : "place.certain");
}

function row(term, value, ...more) {
  if (!value) return [];
  return [el("dt", {}, term), el("dd", {}, value, ...more.filter(Boolean).map((text) => (text instanceof Node ? text : el("small", {}, text))))];
}

function branchOf({ branch, branch_chain: chain, party_group: group }) {
  if (!branch && !group) return [t("place.no_branch")];
  const above = chain.map(({ name }) => name).reverse().join(" › ");
  return [group?.name ?? branch.name, group ? branch?.name : null, above];
}

function postsOf({ posts }) {
  if (!posts.length) return [t("place.no_posts")];
  return posts.map(({ name, kind, scope }) =>
    el("span", { class: "post" }, name, el("small", {}, [named("post", kind), scope].filter(Boolean).join(" · "))),
  );
}

const MOST_CANDIDATES = 8;

// A coarse fix has many areas in reach: the likeliest are named, the shares of the others added up.
function likeliest(candidates, othersShare) {
  if (candidates.length <= MOST_CANDIDATES && othersShare == null) return candidates;
  const sorted = [...candidates].sort((a, b) => b.share - a.share);
  const rest = sorted.slice(MOST_CANDIDATES).reduce((sum, { share }) => sum + share, othersShare ?? 0);
  return [...sorted.slice(0, MOST_CANDIDATES), { name: t("place.others_share"), share: rest }];
}

function candidatesOf({ candidates, others_share: othersShare, accuracy_m: accuracy }) {
  if (candidates.length < 2) return null;
  return el(
    "div",
    { class: "candidates" },
    el("h3", {}, t("place.candidates"), accuracy ? el("small", {}, t("place.candidates_note", { accuracy: distance(accuracy) })) : null),
    ...likeliest(candidates, othersShare).map(({ name, share }) => {
      const label = el("span", {}, name ?? t("place.outside_share"));
      if (share === null) return el("p", {}, label);
      const bar = el("span", { class: "bar-fill" });
      bar.style.width = `${Math.round(share * 100)}%`;
      return el("p", {}, label, el("span", { class: "share" }, `${number(share * 100, 1)} %`), el("span", { class: "bar-track" }, bar));
    }),
  );
}
