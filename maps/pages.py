"""What all pages share: templates, texts that every script needs, and the policy under which they load anything."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SHARED = frozenset({"account", "error", "role", "time"})
"""Prefixes of the catalogue's keys that the scripts of every page need."""

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


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
