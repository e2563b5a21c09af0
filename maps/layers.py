"""Layers of our own for folium: they declare what the browser's modules draw, and hold no data."""

from folium.map import Layer
from folium.template import Template


class VectorTiles(Layer):
    """Declare the map's vector tiles, painted on canvas by a worker with protomaps-leaflet.

    Base map and grids are two sources of one layer, so that their labels make way for each other. Addresses and
    revisions are the page's data and come at run time; nothing of a database enters a folium object.

    Parameters
    ----------
    max_data_zoom
        The deepest tile zoom; deeper views stretch its tiles.
    library
        Address of protomaps-leaflet, which only the worker loads.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = tiles.vectorTiles({
                maxDataZoom: {{ this.max_data_zoom|tojson }}, library: {{ this.library|tojson }}
            });
        {% endmacro %}
        """
    )

    def __init__(self, *, max_data_zoom: int, library: str) -> None:
        super().__init__(name="wangge", overlay=True, control=False, show=False)
        self._name = "VectorTiles"
        self.max_data_zoom = max_data_zoom
        self.library = library
