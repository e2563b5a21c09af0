"""The API's documentation as a page; everything that it loads comes from here."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.permissions import permit
from geo.services.access import Permission
from maps.assets import own_digest, vendor_path

router = APIRouter(include_in_schema=False)

PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/static/{icon}">
<link rel="stylesheet" href="/static/{style}">
</head>
<body>
<div id="docs" data-schema="{schema}"></div>
<script src="/static/{bundle}"></script>
<script src="/static/js/docs.js?v={digest}"></script>
</body>
</html>
"""

# Swagger UI sets styles on elements and draws its icons from data: addresses.
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


@router.get("/docs", **permit(Permission.PUBLIC))
def docs(request: Request) -> HTMLResponse:
    """Show the API's routes, to read and to try."""
    page = PAGE.format(
        title=escape(f"{request.app.title} · API"),
        schema=escape(request.app.openapi_url),
        icon=vendor_path("swagger-ui-dist", "favicon-32x32.png"),
        style=vendor_path("swagger-ui-dist", "swagger-ui.css"),
        bundle=vendor_path("swagger-ui-dist", "swagger-ui-bundle.js"),
        digest=own_digest(),
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})
