"""The signature by which a carrier's requests are known (Twilio, "Webhooks Security").

HMAC-SHA1 with the account's auth token over the address as the carrier called it, followed by the
names and values of the POST parameters in the order of their names; in base64, in the header
X-Twilio-Signature. It is also sent with a WebSocket's handshake, over its address alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

HEADER = "x-twilio-signature"


def signature(url: str, fields: Iterable[tuple[str, str]], auth_token: str) -> str:
    """What the carrier sends for ``url`` called with ``fields``."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(auth_token.encode(), said.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def is_signed(
    given: str, urls: Sequence[str], fields: Sequence[tuple[str, str]], auth_token: str
) -> bool:
    """Whether ``given`` is right for one of ``urls``, which are spellings of the same address.

    Takes as long for a wrong signature as for a right one.
    """
    shown = given.encode()
    right = [
        hmac.compare_digest(shown, signature(url, fields, auth_token).encode()) for url in urls
    ]
    return any(right)


def spellings(url: str) -> list[str]:
    """``url`` with and without the port that goes without saying: carriers sign either."""
    parts = urlsplit(url)
    usual = {"https": 443, "wss": 443, "http": 80, "ws": 80}.get(parts.scheme)
    if usual is None or parts.hostname is None:
        return [url]
    if parts.port is None:
        return [url, parts._replace(netloc=f"{parts.netloc}:{usual}").geturl()]
    if parts.port == usual:
        return [url, parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl()]
    return [url]
