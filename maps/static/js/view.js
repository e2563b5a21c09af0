// What the address says: #map=zoom/lat/lon&at=lon,lat. A link opens the same view, and the placement of the same point; on the
// page of the stations station=id shows one, and at=lon,lat begins a new one there.

const PLACE = /^(\d{1,2}(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/;
const POINT = /^(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)$/;

/** Read the view, the asked point and station from the address; what is missing or malformed is null. */
export function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const place = PLACE.exec(parts.get("map") ?? "");
  const point = POINT.exec(parts.get("at") ?? "");
  return {
    view: place && Math.abs(place[2]) <= 90 ? { zoom: Number(place[1]), lat: Number(place[2]), lon: Number(place[3]) } : null,
    station: Number(parts.get("station")) || null,
    at: point && Math.abs(point[2]) <= 90 && Math.abs(point[1]) <= 180 ? { lon: Number(point[1]), lat: Number(point[2]) } : null,
  };
}

/** Write the view, and the asked point or the station that is shown, into the address, without a new entry in the history. */
export function writeAddress(map, at = null, station = null) {
  const centre = map.getCenter();
  const zoom = map.getZoom();
  const digits = Math.max(3, Math.ceil(zoom / 3));
  const view = `map=${zoom}/${centre.lat.toFixed(digits)}/${centre.lng.toFixed(digits)}`;
  history.replaceState(null, "", `#${view}${at ? `&at=${at.lon},${at.lat}` : ""}${station ? `&station=${station}` : ""}`);
}

/** Give the bounds of a map, wider on each side by a share of them, as the API's bbox. */
export function bboxOf(map, margin = 0) {
  const bounds = map.getBounds().pad(margin);
  const clamp = (value, limit) => Math.min(limit, Math.max(-limit, value)).toFixed(6);
  return [
    clamp(bounds.getWest(), 180),
    clamp(bounds.getSouth(), 90),
    clamp(bounds.getEast(), 180),
    clamp(bounds.getNorth(), 90),
  ].join(",");
}
