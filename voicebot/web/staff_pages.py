"""``/sign-in``, ``/account`` and the other plain pages of staff, and what they are made of
(``/staff``).

Static pages on the JSON API, as all pages of staff are (docs/decisions/0034).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from voicebot.web.files import StaticFolder, page_headers


def staff_pages_router() -> APIRouter:
    """Serve the pages; who may see which is the doorkeeper's to say."""
    headers = page_headers(permissions="microphone=(), camera=(), geolocation=()")
    files = StaticFolder("staff", headers)
    router = APIRouter(include_in_schema=False)

    @router.get("/sign-in")
    async def sign_in(request: Request) -> Response:
        return files.response("sign-in.html", request)

    @router.get("/account")
    async def account(request: Request) -> Response:
        return files.response("account.html", request)

    @router.get("/users")
    async def users(request: Request) -> Response:
        return files.response("users.html", request)

    @router.get("/audit")
    async def audit(request: Request) -> Response:
        return files.response("audit.html", request)

    @router.get("/outbox")
    async def outbox(request: Request) -> Response:
        return files.response("outbox.html", request)

    @router.get("/staff/{name}")
    async def part(name: str, request: Request) -> Response:
        return files.response(name, request)

    return router
