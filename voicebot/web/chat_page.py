"""``/t/<token>``: the page of a conversation in text, its few files, and the script of the widget.

The page is the same for every token, and looking at it redeems nothing: previews of messengers look
at links too. Its scripts redeem the token (`voicebot.web.api.chat`). Where no token is in the way
(``/t/``) a conversation begins.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from voicebot.web.files import HEADERS, page_files

_PAGE: Final = {**HEADERS, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_EMBEDDED: Final = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Access-Control-Allow-Origin": "*",
}


def chat_page_router() -> APIRouter:
    """Serve the page, what it is made of, and ``/widget.js``."""
    files = page_files("chat")
    router = APIRouter(include_in_schema=False)

    @router.get("/chat/{name}")
    async def part(name: str, request: Request) -> Response:
        if name not in files:
            return Response("not here", 404)
        # Scripts are modules: the widget's page may read them too, they hold nothing.
        return files[name].response(request, {**HEADERS, **_EMBEDDED})

    @router.get("/widget.js")
    async def widget(request: Request) -> Response:
        return files["widget.js"].response(request, _EMBEDDED)

    @router.get("/t/")
    @router.get("/t/{token}")
    async def page(request: Request, token: str = "") -> Response:
        return files["index.html"].response(request, _PAGE)

    return router
