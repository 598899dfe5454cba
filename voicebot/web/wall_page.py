"""``/supervisor``: the live wall's page, and ``/listen``, where supervisors listen to calls."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from voicebot.web.files import TALKING, StaticFolder, page_headers


def wall_page_router() -> APIRouter:
    """Serve the pages; their parts are those of staff (``/staff``)."""
    headers = page_headers(permissions="microphone=(), camera=(), geolocation=()")
    files, talking = StaticFolder("staff", headers), StaticFolder("staff", TALKING)
    router = APIRouter(include_in_schema=False)

    @router.get("/supervisor")
    async def supervisor(request: Request) -> Response:
        return files.response("supervisor.html", request)

    @router.get("/listen")
    async def listen(request: Request) -> Response:
        return talking.response("listen.html", request)

    return router
