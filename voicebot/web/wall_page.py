"""``/supervisor``: the live wall's page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from voicebot.web.files import StaticFolder, page_headers


def wall_page_router() -> APIRouter:
    """Serve the page; its parts are those of staff (``/staff``)."""
    headers = page_headers(permissions="microphone=(), camera=(), geolocation=()")
    files = StaticFolder("staff", headers)
    router = APIRouter(include_in_schema=False)

    @router.get("/supervisor")
    async def supervisor(request: Request) -> Response:
        return files.response("supervisor.html", request)

    return router
