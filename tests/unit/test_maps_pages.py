"""Page shells: nothing from elsewhere, no user text in folium, every inline script under the nonce."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from branca.element import Figure, JavascriptLink

from geo.queries.tiles import MAX_ZOOM
from maps import assets, pages, shell
from maps.catalogue import LANGUAGES
from maps.map_pages import MAP, render_map_page
from maps.pages import content_security_policy

MAPS = Path(pages.__file__).parent
NASTY = "</script><script>alert(1)</script>`${alert(2)}`<img src=x onerror=alert(3)>"


@pytest.fixture(scope="module", autouse=True)
def fetched() -> None:
    """The libraries whose addresses go into a page."""
    if not assets.MANIFEST.exists():
        pytest.skip("no browser libraries yet: python -m maps.assets")


def page(language: str = "zh-CN", nonce: str = "N0nce", name: str = "党建网格", *, demo: bool = False) -> str:
    layer = {"id": 1, "code": "party", "name": name, "city": {"code": "4503", "name": name}, "bounds": None}
    overview = {
        "layers": [layer],
        "base_tiles": "",
        "max_tile_zoom": MAX_ZOOM,
        "walking": {"minutes": [5, 10, 15], "adult_kmh": 4.0, "elderly_kmh": 3.0},
        "has_demo_data": demo,
        "attributions": [],
    }
    return render_map_page(MAP, language, nonce, {"map": overview, "approval_number": None})


class Elements(HTMLParser):
    """Collects start tags, and the text inside scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", sorted(MAPS.rglob("*.py")), ids=lambda path: path.name)
def test_no_folium_object_that_takes_text(path: Path) -> None:
    # Each of these puts text into scripts or markup; the nonce can't tell ours from a grid's name.
    forbidden = {"Popup", "Tooltip", "GeoJsonTooltip", "GeoJsonPopup", "Marker", "CircleMarker", "DivIcon", "GeoJson"}
    named = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    reached = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    imported = {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert not forbidden & (named | reached | imported)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_address_of_a_page_is_on_this_host(language: str) -> None:
    html = page(language)
    addresses = [attrs[key] for _, attrs in Elements(html).tags for key in ("src", "href") if attrs.get(key)]
    assert addresses
    assert all(address.startswith(("/", "#")) and not address.startswith("//") for address in addresses)
    assert not re.search(r"https?://", html)


def test_every_inline_script_carries_the_nonce_and_no_tag_has_a_handler() -> None:
    tags = Elements(page(nonce="abc")).tags
    inline = [attrs for tag, attrs in tags if tag in {"script", "style"} and "src" not in attrs]
    assert inline
    assert all(attrs.get("nonce") == "abc" for attrs in inline)
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]


def test_text_of_the_data_stays_text() -> None:
    html = page(name=NASTY)
    assert "alert(1)</script>" not in html
    assert "<img src=x" not in html
    # The same elements as with a harmless name.
    assert [tag for tag, _ in Elements(html).tags] == [tag for tag, _ in Elements(page()).tags]


def test_the_policy_allows_no_other_host_and_no_inline_script_without_the_nonce() -> None:
    policy = content_security_policy("abc")
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts == "script-src 'self' 'nonce-abc'"
    assert "http" not in policy
    assert "default-src 'none'" in policy


def test_the_viewport_does_not_forbid_zooming() -> None:
    viewports = [attrs for tag, attrs in Elements(page()).tags if attrs.get("name") == "viewport"]
    assert len(viewports) == 1
    assert "user-scalable" not in (viewports[0]["content"] or "")
    assert "maximum-scale" not in (viewports[0]["content"] or "")


@pytest.mark.parametrize(("language", "badge"), [("zh-CN", "演示数据（合成）"), ("en", "Demo data (synthetic)")])
def test_demo_data_are_labelled_on_the_page(language: str, badge: str) -> None:
    label = re.compile(rf'class="demo"[^>]*>[^\n]*{re.escape(badge)}')
    assert label.search(page(language, demo=True))
    assert not label.search(page(language, demo=False))


def test_an_unknown_link_of_folium_is_an_error() -> None:
    figure = Figure()
    figure.header.add_child(JavascriptLink("https://elsewhere.example/x.js"), name="surprise")
    with pytest.raises(shell.UnknownLinkError, match="surprise"):
        shell._own_links(figure)


def imported_by(module: str) -> set[str]:
    """The modules that one loads, itself included."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += re.findall(r'from "\./(\w+\.js)"', (assets.STATIC / "js" / name).read_text())
    return found


def test_every_module_of_the_map_is_preloaded_and_nothing_else() -> None:
    preloaded = [
        Path(attrs["href"] or "").name for tag, attrs in Elements(page()).tags if attrs.get("rel") == "modulepreload"
    ]
    assert sorted(preloaded) == sorted(imported_by("main.js") | {"tiles.js"})


def test_unknown_language() -> None:
    with pytest.raises(KeyError):
        page("fr")
