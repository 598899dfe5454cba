"""Whether a request comes from a page of ours (Fetch standard, section 3.1; RFC 6454)."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers


def own_origin(headers: Headers, allowed: Collection[str] = ()) -> str:
    """The origin of the page that asks, empty unless it is ours or ``allowed``.

    Ours is told by the host alone: what ends TLS before us knows the scheme, we may not. Browsers
    send `Origin` with whatever may change something and with every WebSocket; what comes without is
    of nobody's page.
    """
    origin = headers.get("origin", "")
    if origin in allowed:
        return origin
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    ours = parts.scheme in {"http", "https"} and parts.netloc == headers.get("host")
    return origin if ours and parts.netloc else ""
