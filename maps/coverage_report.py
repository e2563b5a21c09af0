"""The report of coverage as one file that opens from a stick: everything it needs is in it, and it may ask nobody."""

import base64
import mimetypes
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import folium
from branca.element import Figure
from jinja2.utils import htmlsafe_json_dumps

from geo.china_time import day_of
from maps.assets import STATIC, bundle_of, vendor_path
from maps.catalogue import catalogue
from maps.pages import TEMPLATES
from maps.shell import CHINA, MAP_MAX_ZOOM, header_files

STYLES = ("map", "services", "coverage_report")
TEXTS = frozenset(
    {"account", "approval", "attribution", "circles", "coverage", "coverage_by", "coverage_column", "coverage_report"}
    | {"coverage_report_by", "coverage_tab"}
    | {"pace", "station", "station_level", "stations", "unit"}
)


def render_coverage_report(language: str, content: Mapping[str, Any], approval_number: str | None) -> str:
    """Render the report.

    Parameters
    ----------
    language
        One of `maps.catalogue.LANGUAGES`.
    content
        What `geo.services.station_coverage.report` gives, JSON; its text reaches the page only as text.
    approval_number
        Of the map (审图号), shown in its corner.

    Raises
    ------
    KeyError
        There is no such language.
    """
    texts = catalogue(language)
    figure, map_name = _map()
    styles, scripts = header_files(figure)
    data = {
        "language": language,
        "texts": {key: text for key, text in texts.items() if key.split(".")[0] in TEXTS},
        "approval_number": approval_number,
        "content": content,
    }
    return TEMPLATES.get_template("coverage_report.html").render(
        language=language,
        t=texts,
        nonce=secrets.token_urlsafe(16),
        icon=_data_address((STATIC / "img" / "mark.svg").read_bytes(), "image/svg+xml"),
        styles=[*(_style(*one) for one in styles), *((STATIC / "css" / f"{name}.css").read_text() for name in STYLES)],
        scripts=[*(_script(*one) for one in scripts), figure.script.render()],
        html=figure.html.render(),
        module=bundle_of("services/coverage_report"),
        map_name=map_name,
        head=content["head"],
        day=day_of(datetime.fromisoformat(content["head"]["measured_at"])),
        has_demo_data=content["has_demo_data"],
        # Not Jinja's own: that writes each Chinese character as six.
        data=htmlsafe_json_dumps(data, ensure_ascii=False, separators=(",", ":")),
    )


def _map() -> tuple[Figure, str]:
    """Declare the map with folium: no tiles, and neither data nor words in it."""
    figure = Figure()
    drawn = folium.Map(location=CHINA, zoom_start=4, tiles=None, zoom_control=False, attribution_control=False)
    drawn._id = "wangge"
    drawn.options["maxZoom"] = MAP_MAX_ZOOM
    drawn.options["minZoom"] = 3
    drawn.add_to(figure)
    figure.render()
    return figure, drawn.get_name()


def _style(package: str, file: str) -> str:
    """Give a library's style sheet with its pictures in it."""
    path = _vendored(package, file)

    def picture(found: re.Match[str]) -> str:
        name = found[1]
        if not (path.parent / name).is_file():
            return found[0]  # a behaviour of browsers that are gone
        return f"url({_data_address((path.parent / name).read_bytes(), mimetypes.guess_type(name)[0] or '')})"

    return re.sub(r"url\(([\w./-]+)\)", picture, path.read_text(encoding="utf-8"))


def _script(package: str, file: str) -> str:
    return re.sub(r"//# sourceMappingURL=\S+\s*$", "", _vendored(package, file).read_text(encoding="utf-8"))


def _vendored(package: str, file: str) -> Path:
    return STATIC / vendor_path(package, file)


def _data_address(file: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(file).decode()}"
