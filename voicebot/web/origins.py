"""Which pages may ask: our own and those in the settings, told by the ``Origin`` header.

RFC 6454. Ours is told by the host alone: what ends TLS before us knows the scheme, we may not.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection


def is_own(connection: HTTPConnection) -> bool:
    """Whether the page that asks is one of ours."""
    parts = urlsplit(connection.headers.get("origin", ""))
    return parts.scheme in {"http", "https"} and parts.netloc == connection.headers.get("host")


def admitted(connection: HTTPConnection, allowed: Collection[str]) -> str | None:
    """The origin of the page that asks; None unless it is ours or among ``allowed``."""
    origin = connection.headers.get("origin", "")
    return origin if origin in allowed or is_own(connection) else None
