"""``/call``: the page that anyone may call from, and its few files.

Static, read once, without a framework and without anything from elsewhere: the policy that goes
with it forbids inline scripts, frames around it and connections to other hosts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

_FOLDER: Final = Path(__file__).parent / "static" / "call"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    etag: str


def caller_page_router() -> APIRouter:
    """Serve the page and what it is made of."""
    files = {path.name: _read(path) for path in _FOLDER.iterdir() if path.suffix in _TYPES}
    router = APIRouter(include_in_schema=False)

    @router.get("/call")
    async def without_slash() -> Response:
        return RedirectResponse("call/")

    @router.get("/call/")
    async def page(request: Request) -> Response:
        return _response(files["index.html"], request)

    @router.get("/call/{name}")
    async def part(name: str, request: Request) -> Response:
        if name not in files:
            return Response("not here", 404)
        return _response(files[name], request)

    return router


def _read(path: Path) -> _File:
    body = path.read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return _File(body, _TYPES[path.suffix], etag)


def _response(file: _File, request: Request) -> Response:
    headers = _HEADERS | {"ETag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.body, headers=headers, media_type=file.media_type)
