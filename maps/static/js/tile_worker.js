// The worker's entry: a classic script, because protomaps-leaflet comes as one; everything else is modules.

let ready = null;

self.onmessage = async ({ data }) => {
  if (data.library) {
    importScripts(data.library);
    ready = import("./tile_painter.js");
  }
  // Messages wait here until the modules are there, and then go on in their order.
  (await ready)[data.act](data);
};
