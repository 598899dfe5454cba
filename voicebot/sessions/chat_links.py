"""The secrets of conversations: of links, and of the browsers that opened them. Pure.

192 random bits each, of which we keep only SHA-256. No salt and no slow hash: what cannot be
guessed needs neither. A link opens once; the browser that opened it gets a key of its own and
comes back with that, so that whoever finds the link later holds nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

_BYTES: Final = 24
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{32}")


def new_secret() -> str:
    """A secret that is safe in a URL and in a cookie: 32 characters."""
    return secrets.token_urlsafe(_BYTES)


def is_secret(text: str) -> bool:
    """Whether ``text`` could be one of ours at all."""
    return _SECRET.fullmatch(text) is not None


def hashed(secret: str) -> str:
    """What is kept of a secret: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def fits(secret: str, kept: str) -> bool:
    """Whether ``kept`` is the hash of ``secret``; false where either is empty."""
    return bool(secret and kept) and hmac.compare_digest(hashed(secret), kept)
