// Elements whose text is always text: no markup from strings anywhere in these modules.

/** Find the page's element with an id. */
export const byId = (id) => document.getElementById(id);

/** Make an element; `on…` attributes are listeners, false and null ones are left out, children are nodes or text. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter(isThere));
  return made;
}

/** Put children into an element in place of those it has; null and false ones are left out. */
export const fill = (box, ...children) => box.replaceChildren(...children.filter(isThere));

const isThere = (child) => child !== null && child !== undefined && child !== false;

/** Make an SVG icon of 24 by 24 from path data. */
export function icon(path, attributes = {}) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const drawn = document.createElementNS(space, "path");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}

let toastTimer = 0;

/** Show a short message for a few seconds. */
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (box.hidden = true), 4000);
}
