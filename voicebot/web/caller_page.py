"""``/call``: the page that anyone may call from, and its few files."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from voicebot.web.files import TALKING, StaticFolder


def caller_page_router() -> APIRouter:
    """Serve the page and what it is made of."""
    files = StaticFolder("call", TALKING)
    router = APIRouter(include_in_schema=False)

    @router.get("/call")
    async def without_slash() -> Response:
        return RedirectResponse("call/")

    @router.get("/call/")
    async def page(request: Request) -> Response:
        return files.response("index.html", request)

    @router.get("/call/{name}")
    async def part(name: str, request: Request) -> Response:
        return files.response(name, request)

    return router
