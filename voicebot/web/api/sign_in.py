"""``/api/sign-in``: how a session begins, for pages of ours alone.

Why nobody is let in is not told: an unknown name, a wrong password and a disabled user look the
same and take as long. Attempts are counted by name, known or not, and by address; whoever tries too
often waits. A wrong password is a 403, which also counts for the limits that addresses have.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from voicebot.errors import StaffBusy, StaffError
from voicebot.staff.desk import SignedIn, StaffDesk
from voicebot.staff.model import Identity
from voicebot.staff.names import name_of
from voicebot.web.api.models import Problem
from voicebot.web.doorkeeper import EntryPolicy
from voicebot.web.identity import address_of
from voicebot.web.origin import own_origin
from voicebot.web.rate_limit import RateLimit

NAMES_AT_AN_ADDRESS: Final = 3
"""An office behind one address may try so many times what one name may."""
HOME: Final = "/account"
"""Where a page goes after signing in, unless it was told another place of ours."""


class Credentials(BaseModel):
    """Who signs in. Lengths are not checked here: an error would repeat the password."""

    model_config = ConfigDict(extra="forbid")

    name: str
    password: str
    next: str = Field("", description="the page that was asked for")


class FirstAdmin(Credentials):
    """Who becomes the first administrator, and the secret of the link that the server printed."""

    secret: str


class Me(BaseModel):
    """Who is signed in, and what they may do."""

    name: str
    role: str = Field(description="agent, designer, supervisor or admin; empty for some tokens")
    scopes: list[str] = Field(examples=[["calls:read", "dial"]])
    must_change_password: bool = Field(description="nothing else works before that is done")
    expires_at: float | None = Field(description="UTC epoch seconds; null where nothing is set")
    next: str = Field("", description="the page to go to now")

    @classmethod
    def of(cls, identity: Identity, next: str = "") -> Me:
        return cls(
            name=identity.name,
            role=identity.role or "",
            scopes=sorted(identity.scopes),
            must_change_password=identity.must_change,
            expires_at=identity.expires_at,
            next=next,
        )


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often one name, and one address, may try in a minute."""

    names: RateLimit
    addresses: RateLimit

    @classmethod
    def per_minute(cls, attempts: int) -> Attempts:
        return cls(RateLimit(attempts), RateLimit(NAMES_AT_AN_ADDRESS * attempts))

    def check(self, name: str, address: str, now: float) -> None:
        """Raises HTTPException (429) for one attempt too many; ``now`` on any clock."""
        wait_s = self.addresses.wait_s(address, now) or self.names.wait_s(f"name {name}", now)
        if wait_s:
            after = math.ceil(wait_s)
            raise HTTPException(
                429, f"too many attempts; try again in {after} s", {"Retry-After": str(after)}
            )


@dataclass(frozen=True, slots=True)
class SignInSide:
    """What the routers of staff share. ``clock`` gives UTC epoch seconds, ``ticks`` seconds of a
    clock that nobody sets, for limits."""

    desk: StaffDesk
    attempts: Attempts
    clock: Callable[[], float]
    entry: EntryPolicy = field(default_factory=EntryPolicy)
    ticks: Callable[[], float] = time.monotonic

    def begin(self, response: Response, signed_in: SignedIn, next: str = "") -> Me:
        """Answer with the cookie of a session that has just begun."""
        lasts_s = (signed_in.identity.expires_at or 0) - self.clock()
        self.entry.cookie.give(response, signed_in.secret, lasts_s)
        response.headers["cache-control"] = "no-store"
        chosen = HOME if signed_in.identity.must_change else own_place(next)
        return Me.of(signed_in.identity, chosen)


def own_place(asked: str) -> str:
    """``asked`` where it is a path of this site, else `HOME`: nobody is sent elsewhere."""
    if not asked.isprintable() or "\\" in asked or len(asked) > 2048:
        return HOME
    try:
        parts = urlsplit(asked)
    except ValueError:
        return HOME
    ours = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    return asked if ours and not asked.startswith("//") else HOME


def sign_in_router(side: SignInSide) -> APIRouter:
    """Serve ``side``; whatever it raises is told without a password in it."""

    def from_our_page(request: Request) -> None:
        if not own_origin(request.headers, side.entry.origins):
            raise HTTPException(403, "sign in from a page of ours; programs bring a token")

    router = APIRouter(
        prefix="/api/sign-in",
        tags=["staff"],
        dependencies=[Depends(from_our_page)],
        responses={
            403: {"model": Problem, "description": "Wrong, or not from a page of ours."},
            429: {"model": Problem, "description": "Too many attempts."},
        },
    )

    @router.post("", summary="Sign in")
    async def sign_in(credentials: Credentials, request: Request, response: Response) -> Me:
        """Begin a session; its cookie comes with the answer."""
        address = address_of(request)
        side.attempts.check(_counted(credentials.name), address, side.ticks())
        try:
            signed_in = await side.desk.sign_in(
                credentials.name,
                credentials.password,
                address,
                side.clock(),
                instead_of=side.entry.cookie.read(request),
            )
        except StaffBusy as error:
            raise HTTPException(503, str(error), {"Retry-After": "2"}) from None
        if signed_in is None:
            raise HTTPException(403, "the name or the password is wrong")
        return side.begin(response, signed_in, credentials.next)

    @router.post("/first", summary="Become the first administrator")
    async def first(wanted: FirstAdmin, request: Request, response: Response) -> Me:
        """Works once, with the secret that the server printed, while there are no users."""
        address = address_of(request)
        side.attempts.check("", address, side.ticks())
        try:
            signed_in = await side.desk.accept(
                wanted.secret, wanted.name, wanted.password, address, side.clock()
            )
        except StaffError as error:
            raise HTTPException(422, str(error)) from None
        if signed_in is None:
            raise HTTPException(
                403, "this link is used or too old; `voicebot user add --role admin` does it too"
            )
        return side.begin(response, signed_in, wanted.next)

    return router


def _counted(typed: str) -> str:
    """One entry for all spellings of a name."""
    try:
        return name_of(typed)
    except StaffError:
        return ""
