"""The pages of staff, and what they are made of (``/staff``, ``/desk/<name>``).

Static pages on the JSON API (docs/decisions/0034). All begin with the head in
``static/staff_head.html``; who may see which is the doorkeeper's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from voicebot.web.files import STATIC, TALKING, StaticFolder, page_headers

_HEAD: Final = STATIC / "staff_head.html"
_QUIET: Final = "microphone=(), camera=(), geolocation=()"
_PLAIN: Final = page_headers(permissions=_QUIET)
_PLAYING: Final = page_headers(media="'self'", permissions=_QUIET)


def staff_pages_router() -> APIRouter:
    """Sign-in, the account, and the pages that list."""
    pages = {
        "/sign-in": "sign-in.html",
        "/account": "account.html",
        "/users": "users.html",
        "/audit": "audit.html",
        "/outbox": "outbox.html",
    }
    router = _router("staff", _PLAIN, pages, parts="/staff/{name}")

    @router.get("/")
    async def entrance() -> Response:
        return RedirectResponse("/account", 303)  # its menu leads to all that somebody may see

    return router


def desk_page_router() -> APIRouter:
    """Where agents work."""
    return _router("desk", TALKING, {"/desk": "index.html"}, parts="/desk/{name}")


def wall_page_router() -> APIRouter:
    """The live wall, and where supervisors listen to calls."""
    router = _router("staff", _PLAIN, {"/supervisor": "supervisor.html"})
    router.include_router(_router("staff", TALKING, {"/listen": "listen.html"}))
    return router


def review_pages_router() -> APIRouter:
    """What was, in figures and call by call."""
    pages = {"/history": "history.html", "/calls": "calls.html", "/calls/{id}": "call.html"}
    return _router("staff", _PLAYING, pages)


def _router(
    folder: str, headers: Mapping[str, str], pages: Mapping[str, str], *, parts: str = ""
) -> APIRouter:
    """The ``pages`` (path: file) of a folder, and under ``parts`` all of its files."""
    files = StaticFolder(folder, headers, _HEAD.read_bytes())
    router = APIRouter(include_in_schema=False)
    for path, name in pages.items():
        router.add_api_route(path, _page(files, name))
    if parts:

        @router.get(parts)
        async def part(name: str, request: Request) -> Response:
            return files.response(name, request)

    return router


def _page(files: StaticFolder, name: str) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def page(request: Request) -> Response:
        return files.response(name, request)

    return page
