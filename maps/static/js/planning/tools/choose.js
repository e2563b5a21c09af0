// Choosing grids: a click takes the grid, a second one the micro-grid below it, Shift adds.

/** Make the tool. */
export function chooseTool(desk) {
  return {
    key: "choose",
    cursor: "default",
    hint: () => (desk.chosen.size > 1 ? "tool.choose_more_hint" : "tool.choose_hint"),
    hover: (point) => desk.hover(point && desk.draft.leafAt(point)),
    click(point, event) {
      const leaf = desk.draft.leafAt(point);
      if (!leaf) return desk.choose([]);
      const grid = desk.draft.gridOf(leaf);
      if (event.shiftKey) return desk.choose(toggled(desk.chosen, grid.key));
      const isDeeper = desk.chosen.size === 1 && (desk.chosen.has(grid.key) || [...desk.chosen].some((key) => desk.draft.units.get(key)?.parent_key === grid.key));
      desk.choose([isDeeper ? leaf.key : grid.key]);
    },
    pick: (point) => desk.choosePlace(point),
    escape: () => desk.choose([]),
  };
}

const toggled = (chosen, key) => (chosen.has(key) ? [...chosen].filter((one) => one !== key) : [...chosen, key]);
