// A canvas over the map that follows it: painted for the view and a margin, scaled while zooming, painted anew after.

/** Make a layer whose `paint(context, view)` draws; `view.at(world)` gives pixels, `view.box` what is in sight. */
export const Canvas = L.Renderer.extend({
  options: { padding: 0.2, className: "planning-canvas" },

  initialize(paint, options) {
    L.Renderer.prototype.initialize.call(this, options);
    this.paint = paint;
    this.waiting = 0;
  },

  _initContainer() {
    this._container = L.DomUtil.create("canvas", this.options.className);
    this._container.setAttribute("aria-hidden", "true");
    this.context = this._container.getContext("2d");
  },

  _destroyContainer() {
    cancelAnimationFrame(this.waiting);
    this._container.remove();
    delete this._container;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const { min, max } = this._bounds;
    const size = max.subtract(min);
    const ratio = Math.min(2, devicePixelRatio || 1);
    L.DomUtil.setPosition(this._container, min);
    this._container.width = Math.round(size.x * ratio);
    this._container.height = Math.round(size.y * ratio);
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this.ratio = ratio;
    this._draw();
  },

  _updatePaths() {},

  /** Paint anew before the next frame. */
  repaint() {
    if (!this._map || this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (this._map && !this._map._animatingZoom) this._draw();
    });
  },

  _draw() {
    const { min, max } = this._bounds;
    const scale = 2 ** this._map.getZoom();
    const origin = this._map.getPixelOrigin().add(min);
    const view = {
      scale,
      zoom: this._map.getZoom(),
      x: origin.x,
      y: origin.y,
      at: ([x, y]) => [x * scale - origin.x, y * scale - origin.y],
      box: [origin.x / scale, origin.y / scale, (origin.x + max.x - min.x) / scale, (origin.y + max.y - min.y) / scale],
    };
    const { context } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, max.x - min.x, max.y - min.y);
    this.paint(context, view);
  },
});

/** Add polygons to a context's path; corners that are less than a pixel from the last one are left out. */
export function trace(context, polygons, { scale, x, y }) {
  for (const rings of polygons) {
    for (const ring of rings) {
      let lastX = Infinity;
      let lastY = Infinity;
      for (let i = 0; i < ring.length; i += 2) {
        const px = ring[i] * scale - x;
        const py = ring[i + 1] * scale - y;
        if (i === 0) context.moveTo(px, py);
        else if (Math.abs(px - lastX) + Math.abs(py - lastY) < 0.8 && i + 2 < ring.length) continue;
        else context.lineTo(px, py);
        lastX = px;
        lastY = py;
      }
      context.closePath();
    }
  }
}

/** Add segments (flat: ax ay bx by ...) to a context's path. */
export function traceSegments(context, segments, { scale, x, y }) {
  for (let i = 0; i < segments.length; i += 4) {
    context.moveTo(segments[i] * scale - x, segments[i + 1] * scale - y);
    context.lineTo(segments[i + 2] * scale - x, segments[i + 3] * scale - y);
  }
}

/** Add a line of world points to a context's path. */
export function traceLine(context, points, view) {
  points.forEach((point, i) => (i ? context.lineTo(...view.at(point)) : context.moveTo(...view.at(point))));
}
