"""Secrets that we hand out: what a cookie holds, API tokens, the link for the first administrator.

Each has 256 random bits, so a plain SHA-256 of it can be stored and looked up: nobody can guess his
way back, and there is nothing to learn from how long a look-up takes.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Final

TOKEN_PREFIX: Final = "vb_"
"""What API tokens begin with, so that people and scanners of source code know one."""
_PLAIN: Final = "abcdefghjkmnpqrstuvwxyz23456789"
LONGEST: Final = 256
"""Characters; what is longer is no secret of ours and is not looked at."""


def new_secret() -> str:
    """43 characters that are safe in a cookie and in a URL."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    return TOKEN_PREFIX + new_secret()


def new_password() -> str:
    """One to begin with, read out or copied once: four groups of five letters and figures that look
    like no other, 99 random bits."""
    groups = ("".join(secrets.choice(_PLAIN) for _ in range(5)) for _ in range(4))
    return "-".join(groups)


def new_token_id() -> str:
    """Eight letters and figures, to name a token by."""
    return secrets.token_hex(4)


def key_of(secret: str) -> str:
    """What is stored of a secret: 64 hexadecimal digits."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()
