// Pointer and keys on the map, handed to the tool in hand. What the tool doesn't want moves the map, as does the space bar.

import { toWorld } from "../geometry.js";

const STILL_PX = 4;

/** Let `tool()` have what is pressed, dragged, clicked and hovered on a map; points are world coordinates. */
export function wireGestures(map, tool) {
  const frame = map.getContainer();
  let press = null;
  let isSpaceDown = false;

  const place = (event) => {
    const { lat, lng } = map.mouseEventToLatLng(event);
    return toWorld(lng, lat);
  };

  frame.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || event.target.closest(".leaflet-control")) return;
    press = { x: event.clientX, y: event.clientY, isTaken: false };
    if (isSpaceDown || !tool().press?.(place(event), event)) return;
    press.isTaken = true;
    map.dragging.disable();
    frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", (event) => {
    if (press?.isTaken) tool().drag(place(event), event);
    else if (!press) tool().hover?.(place(event), event);
  });
  frame.addEventListener("pointerup", (event) => {
    if (!press) return;
    const { x, y, isTaken } = press;
    press = null;
    const isClick = Math.hypot(event.clientX - x, event.clientY - y) <= STILL_PX;
    if (isTaken) {
      map.dragging.enable();
      tool().release(place(event), event, isClick);
    } else if (isClick && !isSpaceDown) {
      tool().click?.(place(event), event);
    }
  });
  frame.addEventListener("pointercancel", () => {
    if (press?.isTaken) {
      map.dragging.enable();
      tool().cancel?.();
    }
    press = null;
  });
  frame.addEventListener("pointerleave", () => tool().hover?.(null));
  frame.addEventListener("dblclick", (event) => tool().finish?.(event));
  frame.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    tool().pick?.(place(event), event);
  });

  document.addEventListener("keydown", (event) => {
    if (event.code !== "Space" || isTyping(event)) return;
    if (event.target === frame || event.target === document.body) event.preventDefault();
    isSpaceDown = true;
    frame.classList.add("is-panning");
  });
  document.addEventListener("keyup", (event) => {
    if (event.code !== "Space") return;
    isSpaceDown = false;
    frame.classList.remove("is-panning");
  });
}

/** Tell whether keys belong to a field or an open dialog rather than to the tools. */
export const isTyping = (event) =>
  event.target.closest?.("input:not([type=checkbox]), select, textarea, dialog, [contenteditable]") !== null || document.querySelector("dialog[open]") !== null;
