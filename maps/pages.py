"""Page shells: folium declares the map, our own template holds it, nonce and data are put in for each request."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
from branca.element import CssLink, Figure, JavascriptLink
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from geo.errors import GeoError
from maps.assets import own_digest, vendor_path
from maps.catalogue import DEFAULT, LANGUAGES, catalogue
from maps.layers import VectorTiles

CHINA = (35.0, 105.0)
MAP_MAX_ZOOM = 19
ELSEWHERE = frozenset({"history", "action", "admin", "object", "password", "sign_in"})
"""Prefixes of texts that the map's scripts don't use."""

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

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


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


def content_security_policy(nonce: str) -> str:
    """Give the policy of a page: everything from this host, inline only what carries the nonce.

    ``style-src-attr`` allows the style attributes by which Leaflet moves its panes.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            f"style-src-elem 'self' 'nonce-{nonce}'",
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def render_map_page(language: str, nonce: str, data: Mapping[str, Any]) -> str:
    """Render the map page.

    Parameters
    ----------
    language
        One of `maps.catalogue.LANGUAGES`.
    nonce
        New for every response, and the same as in its `content_security_policy`.
    data
        What the page's scripts start from, as JSON; its text reaches the page only as text.

    Raises
    ------
    KeyError
        There is no such language.
    """
    shell = map_shell(data["map"]["max_tile_zoom"])
    texts = catalogue(language)
    return TEMPLATES.get_template("map.html").render(
        shell=shell,
        language=language,
        languages=LANGUAGES,
        default_language=DEFAULT,
        t=texts,
        texts={key: text for key, text in texts.items() if key.split(".")[0] not in ELSEWHERE},
        nonce=nonce,
        static=f"/static/app-{own_digest()}",
        data=data,
    )


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
