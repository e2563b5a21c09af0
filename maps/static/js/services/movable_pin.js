// A pin that is dragged, or moved by the arrow keys.

import { t } from "../format.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP_PX = 2;
const LONG_STEP_PX = 10; // with the shift key

/** Make a pin; `onMove(latlng)` is told of every place on its way. */
export function movablePin(map, latlng, icon, title, onMove) {
  const pin = L.marker(latlng, { icon, draggable: true, autoPan: true, title, alt: title, zIndexOffset: 1000 });
  pin.on("drag", () => onMove(pin.getLatLng()));
  pin.on("keydown", ({ originalEvent: event }) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const far = event.shiftKey ? LONG_STEP_PX : STEP_PX;
    pin.setLatLng(map.layerPointToLatLng(map.latLngToLayerPoint(pin.getLatLng()).add([step[0] * far, step[1] * far])));
    onMove(pin.getLatLng());
  });
  return pin;
}

/** Say how it is moved: by the arrow keys, too, where there are keys. */
export const dragHint = () => t(matchMedia("(pointer: coarse)").matches ? "stations.drag_touch" : "stations.drag");

/** Give a place as [lon, lat] on the lattice of 1e-7 degrees. */
export const rounded = ({ lng, lat }) => [Number(lng.toFixed(7)), Number(lat.toFixed(7))];
