"""Who asks, as the doorkeeper found out: where routes find it, and the cookie that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.requests import HTTPConnection
from starlette.responses import Response

from voicebot.staff.model import Actor, Identity

IN_SCOPE: Final = "voicebot.staff"
"""Where the ASGI scope holds the `Identity`."""


def identity_of(request: Request) -> Identity:
    """Whoever asks; a dependency of routes that are not open."""
    found: Identity = request.scope[IN_SCOPE]
    return found


def actor_of(request: Request) -> Actor:
    """Whoever asks, for the audit log."""
    return Actor(identity_of(request).who, address_of(request))


def address_of(connection: HTTPConnection) -> str:
    """Where the request comes from."""
    return connection.client.host if connection.client else ""


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie of a session (RFC 6265bis). ``https``: it never goes over plain HTTP, and (by its
    name's beginning) no neighbouring host can plant one.

    `SameSite` is `Lax`: with `Strict` whoever follows a link to a page of ours, from a mail or the
    CRM, would look signed out. Requests that change something are guarded by `web.origin` as well.
    """

    https: bool = False

    @property
    def name(self) -> str:
        return "__Host-voicebot" if self.https else "voicebot"

    def read(self, connection: HTTPConnection) -> str:
        """The session's secret, empty where there is none."""
        return connection.cookies.get(self.name, "")

    def give(self, response: Response, secret: str, lasts_s: float) -> None:
        response.set_cookie(
            self.name,
            secret,
            max_age=int(lasts_s),
            path="/",
            secure=self.https,
            httponly=True,
            samesite="lax",
        )

    def take_back(self, response: Response) -> None:
        response.delete_cookie(
            self.name, path="/", secure=self.https, httponly=True, samesite="lax"
        )
