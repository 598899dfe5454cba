"""``/history``, ``/calls`` and ``/calls/<id>``: what was, in figures and call by call.

Static pages on the JSON API, as all pages of staff are; their files lie under ``/staff``.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from voicebot.web.files import StaticFolder, page_headers


def review_pages_router() -> APIRouter:
    """Serve the pages; who may see which is the doorkeeper's to say."""
    headers = page_headers(media="'self'", permissions="microphone=(), camera=(), geolocation=()")
    files = StaticFolder("staff", headers)
    router = APIRouter(include_in_schema=False)

    @router.get("/history")
    async def history(request: Request) -> Response:
        return files.response("history.html", request)

    @router.get("/calls")
    async def calls(request: Request) -> Response:
        return files.response("calls.html", request)

    @router.get("/calls/{id}")
    async def call(request: Request, id: str) -> Response:
        return files.response("call.html", request)

    return router
