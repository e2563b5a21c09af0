// Colours, font, the zooms at which things appear, and what is shown: for the tiles' rules and for the legend.

export const FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif';

export const INK = {
  land: "#f6f4ef",
  water: "#c3dcea",
  waterLabel: "#4f7f9f",
  park: "#dcebd0",
  riverside: "#e3eed8",
  school: "#f5ead2",
  hospital: "#f6dfdd",
  market: "#efe6f3",
  business: "#e9e8f2",
  compound: "#efece5",
  building: "#e2dcd1",
  buildingEdge: "#d2c9ba",
  street: "#ffffff",
  streetEdge: "#ddd6c9",
  arterial: "#fff3cf",
  arterialEdge: "#e6cf94",
  motorway: "#f9d9a0",
  motorwayEdge: "#d9aa55",
  rail: "#a9a59d",
  streetLabel: "#7a7264",
  grid: "#2a6f97",
  gridLabel: "#1b4965",
  micro: "#6a9fbf",
  microLabel: "#3d708f",
  residential: "#2a6f97",
  dedicated: "#8a5a9e",
  rural: "#5a8f4d",
  community: "#5b5560",
  communityLabel: "#3a3540",
  district: "#7a3b52",
  districtLabel: "#5d2940",
  halo: "rgba(255,255,255,0.92)",
};

// Map zooms. The tiles themselves begin one zoom lower, since they are made for 512 pixels.
export const STREETS_FROM = 9;
export const COMMUNITIES_FROM = 10;
export const GRIDS_FROM = 13;
export const MICRO_GRIDS_FROM = 15;

/** From the largest down. */
export const LEVELS = ["city", "district", "street", "community", "grid"];

/**
 * What the map shows, and the lowest level whose names it writes. The layer list switches these on the page and tells the
 * worker, which has a copy of its own.
 */
export const shown = { base: true, divisions: true, grids: true, micro_grids: true, names: "grid" };
