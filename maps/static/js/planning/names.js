// Units by the names that a planner knows them by.

import { t } from "../format.js";

/** Give a unit's name, its grid's before it where it is part of one. */
export function nameOf(draft, key) {
  const unit = draft.units.get(key);
  if (!unit) return key;
  const grid = draft.gridOf(unit);
  if (unit.is_remainder) return t("draft.rest_of", { grid: grid.name });
  return grid === unit ? unit.name : `${grid.name}·${unit.name}`;
}

/** Put units' names where a message has their keys. */
export function named(draft, message, keys = draft.units) {
  return message.replace(/[\w./-]*[\w/-]/g, (word) => (keys.has(word) ? nameOf(draft, word) : word));
}
