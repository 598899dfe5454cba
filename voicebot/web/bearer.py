"""Asks requests for a token of the settings (RFC 6750, the Authorization header alone)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException


def bearer(token: str, setting: str, closed: str) -> Callable[[str], None]:
    """A dependency that lets in who brings ``token``; without one the door is ``closed``, as it
    then says, until ``setting`` is set."""

    def authorised(authorization: Annotated[str, Header()] = "") -> None:
        if not token:
            raise HTTPException(403, f"{closed}: set {setting}")
        given = authorization.partition(" ")
        right = hmac.compare_digest(given[2].strip().encode(), token.encode())
        if given[0].lower() != "bearer" or not right:
            raise HTTPException(
                401, f"bring the token of {setting}", {"WWW-Authenticate": "Bearer"}
            )

    return authorised
