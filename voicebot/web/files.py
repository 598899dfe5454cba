"""The files of a small page of ours: static, read once, without a framework.

The policy that goes with them forbids inline scripts, frames around them and connections to other
hosts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def page_headers(*, media: str = "'none'", permissions: str) -> dict[str, str]:
    """``media``: where sound may come from, and ``permissions``: what the page may use of the
    browser, as the headers Content-Security-Policy and Permissions-Policy have it."""
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self'; media-src {media}; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        ),
        "Permissions-Policy": permissions,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }


TALKING: Final[Mapping[str, str]] = page_headers(
    media="'self' blob:", permissions="microphone=(self), camera=(), geolocation=()"
)
"""The headers of a page that may call."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file in memory."""

    body: bytes
    media_type: str
    etag: str

    def with_body(self, body: bytes) -> PageFile:
        """The same file with other content."""
        return PageFile(body, self.media_type, _etag(body))

    def response(self, request: Request, headers: Mapping[str, str]) -> Response:
        """The file, or that the browser has it already (RFC 9110, 13.1.2)."""
        sent = {**headers, "ETag": self.etag}
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=sent)
        return Response(self.body, headers=sent, media_type=self.media_type)


class StaticFolder:
    """The files right in ``web/static/NAME``, all sent with ``headers``; ``head`` is what all of
    their pages begin with."""

    def __init__(self, name: str, headers: Mapping[str, str], head: bytes = b"") -> None:
        self._files = page_files(name, head)
        self._headers = headers

    def response(self, name: str, request: Request) -> Response:
        """The file ``name``, 304 where the browser has it, 404 where there is none."""
        if name not in self._files:
            return Response("not here", 404)
        return self._files[name].response(request, self._headers)


def page_files(folder: str, head: bytes = b"") -> dict[str, PageFile]:
    """The files of ``static/<folder>`` by name; ``head`` is what its pages begin with."""
    paths = (path for path in (STATIC / folder).iterdir() if path.suffix in _TYPES)
    return {path.name: _read(path, head if path.suffix == ".html" else b"") for path in paths}


def _read(path: Path, head: bytes) -> PageFile:
    body = head + path.read_bytes()
    return PageFile(body, _TYPES[path.suffix], _etag(body))


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'
