"""The few files that a page is made of: read once, sent with a policy that trusts nothing else.

Without a framework and without anything from elsewhere: the policy that goes with each file forbids
inline scripts, frames around it and connections to other hosts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import Request
from starlette.responses import Response

_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    etag: str


class StaticFolder:
    """The files right in ``web/static/NAME``, sent with ``headers`` of their own."""

    def __init__(self, name: str, *, media: str = "'none'", permissions: str) -> None:
        """``media``: where sound may come from, and ``permissions``: what the page may use of the
        browser, as the headers Content-Security-Policy and Permissions-Policy have it."""
        folder = Path(__file__).parent / "static" / name
        self._files = {path.name: _read(path) for path in folder.iterdir() if path.suffix in _TYPES}
        self._headers = {
            **_HEADERS,
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                f"connect-src 'self'; media-src {media}; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'"
            ),
            "Permissions-Policy": permissions,
        }

    def response(self, name: str, request: Request) -> Response:
        """The file ``name``, 304 where the browser has it, 404 where there is none."""
        file = self._files.get(name)
        if file is None:
            return Response("not here", 404)
        headers = self._headers | {"ETag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)


def _read(path: Path) -> _File:
    body = path.read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return _File(body, _TYPES[path.suffix], etag)
