// A map on paper: as it is on the screen, made small enough for the sheet. Nothing is drawn anew for it.

const SHEET_PX = 700; // A4 upright at 96 dots an inch, without its margins

/** Let the map keep its view when the page is printed. */
export function keepForPrinting(map) {
  addEventListener("beforeprint", () => {
    const { x, y } = map.getSize();
    const { style } = map.getContainer().parentElement;
    style.setProperty("--printed-width", `${x}px`);
    style.setProperty("--printed-height", `${y}px`);
    style.setProperty("--printed-zoom", Math.min(1, SHEET_PX / x));
  });
}
