"""The shell of a page's map: folium declares it, and each file that folium links to is one of ours instead."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import folium
from branca.element import CssLink, Figure, JavascriptLink

from geo.errors import GeoError
from maps.assets import vendor_path
from maps.layers import VectorTiles

CHINA = (35.0, 105.0)
MAP_MAX_ZOOM = 19

VendoredFile = tuple[str, str]
"""Package and file of a library that is served from here."""

# Every link that folium wants in a page's head, by its name there: the file we serve instead, or None to leave it out.
HEADER_LINKS: Mapping[str, VendoredFile | None] = {
    "leaflet": ("leaflet", "leaflet.js"),
    "leaflet_css": ("leaflet", "leaflet.css"),
    "jquery": None,
    "bootstrap": None,
    "bootstrap_css": None,
    "glyphicons_css": None,
    "awesome_markers": None,
    "awesome_markers_css": None,
    "awesome_markers_font_css": None,
    "awesome_rotate_css": None,
}


class UnknownLinkError(GeoError, LookupError):
    """Folium wants a file that no one decided about; pages must not load from elsewhere."""


@dataclass(frozen=True)
class Shell:
    """The parts of a rendered folium map, links rewritten to files of our own."""

    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    html: str
    script: str
    map_name: str
    tiles_name: str


@functools.cache
def map_shell(max_tile_zoom: int) -> Shell:
    """Build the map with folium, once a process: it holds neither data nor words."""
    figure = Figure()
    drawn = folium.Map(
        location=CHINA,
        zoom_start=4,
        tiles=None,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=1,
    )
    drawn._id = "wangge"  # a fixed name, so that the page's module can say it
    drawn.options["maxZoom"] = MAP_MAX_ZOOM  # only a raster layer would set it
    drawn.options["minZoom"] = 3
    # A computer that is too busy to see the hand slow down would else let the map glide on for a minute.
    drawn.options["inertiaMaxSpeed"] = 1500
    layer = VectorTiles(
        max_data_zoom=max_tile_zoom, library=f"/static/{vendor_path('protomaps-leaflet', 'protomaps-leaflet.js')}"
    )
    layer._id = "wangge"
    layer.add_to(drawn)
    drawn.add_to(figure)
    figure.render()
    styles, scripts = _own_links(figure)
    return Shell(
        styles=styles,
        scripts=scripts,
        html=figure.html.render(),
        script=figure.script.render(),
        map_name=drawn.get_name(),
        tiles_name=layer.get_name(),
    )


def _own_links(figure: Figure) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the addresses, here, of the style sheets and scripts that a rendered figure links to."""
    styles, scripts = header_files(figure)
    return _addresses(styles), _addresses(scripts)


def _addresses(files: Sequence[VendoredFile]) -> tuple[str, ...]:
    return tuple(f"/static/{vendor_path(*one)}" for one in files)


def header_files(figure: Figure) -> tuple[list[VendoredFile], list[VendoredFile]]:
    """Give the style sheets and the scripts, by package and file, of which a rendered figure wants others.

    Raises
    ------
    UnknownLinkError
        `HEADER_LINKS` doesn't say what to do with one.
    """
    styles: list[VendoredFile] = []
    scripts: list[VendoredFile] = []
    for name, element in figure.header._children.items():
        if not isinstance(element, CssLink | JavascriptLink):
            continue  # folium's own viewport forbids zooming, its styles are in ours: left out
        if name not in HEADER_LINKS:
            raise UnknownLinkError(f"folium links to {name} ({element.url}): say in HEADER_LINKS what to serve instead")
        own = HEADER_LINKS[name]
        if own is not None:
            (styles if isinstance(element, CssLink) else scripts).append(own)
    return styles, scripts
