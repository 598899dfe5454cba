"""``/t/<token>``: the page of a conversation in text, its few files, and the script of the widget.

The page is the same for every token, and looking at it redeems nothing: previews of messengers look
at links too. Its scripts redeem the token (`voicebot.web.api.chat`). Where no token is in the way
(``/t/``) a conversation begins.

The page's style stands in the page itself, so that it shows something after one round trip; the
policy lets in this very text by its hash (CSP 3, section 6.7.3.3).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from voicebot.web.files import TALKING, PageFile, page_files

_PAGE: Final = {**TALKING, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_WORDS: Final = re.compile(r"words-([a-z]{2,3})\.js")
_STYLE: Final = b'<link rel="stylesheet" href="../chat/style.css">'
_EMBEDDED: Final = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Access-Control-Allow-Origin": "*",
}


def chat_page_router() -> APIRouter:
    """Serve the page, what it is made of, and ``/widget.js``."""
    files = page_files("chat")
    files["languages.js"] = _languages(files)
    page_, headers = _whole(files["index.html"], files["style.css"])
    router = APIRouter(include_in_schema=False)

    @router.get("/chat/{name}")
    async def part(name: str, request: Request) -> Response:
        if name not in files:
            return Response("not here", 404)
        # Scripts are modules: the widget's page may read them too, they hold nothing.
        return files[name].response(request, {**TALKING, **_EMBEDDED})

    @router.get("/widget.js")
    async def widget(request: Request) -> Response:
        return files["widget.js"].response(request, _EMBEDDED)

    @router.get("/t/")
    @router.get("/t/{token}")
    async def page(request: Request, token: str = "") -> Response:
        return page_.response(request, headers)

    return router


def _languages(files: Mapping[str, PageFile]) -> PageFile:
    """Which languages the page's own words are in, beside English: one ``words-XX.js`` each."""
    found = sorted(match[1] for name in files if (match := _WORDS.fullmatch(name)))
    return files["words.js"].with_body(f"export default {json.dumps(found)};\n".encode())


def _whole(page: PageFile, style: PageFile) -> tuple[PageFile, dict[str, str]]:
    """The page with its style in it, and the headers that allow it."""
    allowed = base64.b64encode(hashlib.sha256(style.body).digest()).decode()
    policy = TALKING["Content-Security-Policy"].replace(
        "style-src 'self'", f"style-src 'self' 'sha256-{allowed}'"
    )
    body = page.body.replace(_STYLE, b"<style>" + style.body + b"</style>")
    return page.with_body(body), {**_PAGE, "Content-Security-Policy": policy}
