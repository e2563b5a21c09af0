// On a phone the panel is a sheet at the bottom with three heights; its handle is a button and can be dragged.

import { byId } from "./dom.js";

const HEIGHTS = ["peek", "half", "full"];
const narrow = matchMedia("(max-width: 760px)");

/** Tell whether the page is laid out for a phone. */
export const isNarrow = () => narrow.matches;

/** Raise or lower the sheet; on a wide page it changes nothing that is seen. */
export function setSheet(height) {
  const panel = byId("panel");
  panel.dataset.height = height;
  panel.style.removeProperty("height");
  byId("sheet-handle").setAttribute("aria-expanded", String(height !== "peek"));
}

/** Let the handle work by click, key and drag. */
export function wireSheet() {
  const panel = byId("panel");
  const handle = byId("sheet-handle");
  let drag = null;
  setSheet("peek");
  handle.addEventListener("click", () => {
    if (drag?.moved) return;
    setSheet(panel.dataset.height === "peek" ? "half" : "peek");
  });
  handle.addEventListener("pointerdown", (event) => {
    drag = { from: event.clientY, height: panel.offsetHeight, moved: false };
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!drag || !handle.hasPointerCapture(event.pointerId)) return;
    const moved = drag.from - event.clientY;
    if (Math.abs(moved) > 6) drag.moved = true;
    if (drag.moved) panel.style.height = `${Math.max(96, Math.min(innerHeight * 0.88, drag.height + moved))}px`;
  });
  handle.addEventListener("pointerup", () => {
    if (!drag?.moved) return;
    const share = panel.offsetHeight / innerHeight;
    setSheet(HEIGHTS[share < 0.3 ? 0 : share < 0.68 ? 1 : 2]);
  });
}
