"""``/desk``: the page at which agents work, and what it is made of."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from voicebot.web.files import TALKING, StaticFolder


def desk_page_router() -> APIRouter:
    """Serve the page; who may see it is the doorkeeper's to say."""
    files = StaticFolder("desk", TALKING)
    router = APIRouter(include_in_schema=False)

    @router.get("/desk")
    async def page(request: Request) -> Response:
        return files.response("index.html", request)

    @router.get("/desk/{name}")
    async def part(name: str, request: Request) -> Response:
        return files.response(name, request)

    return router
