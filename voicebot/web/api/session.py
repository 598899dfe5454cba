"""``/api/session`` and ``/api/account``: who I am, my password, my sessions and my tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from voicebot.errors import StaffBusy, StaffError
from voicebot.staff.model import Identity, Token
from voicebot.staff.register import Register
from voicebot.staff.roles import Scope
from voicebot.web.api.models import Problem
from voicebot.web.api.sign_in import Me, SignInSide
from voicebot.web.identity import actor_of, address_of, identity_of

Asking = Annotated[Identity, Depends(identity_of)]


class NewPassword(BaseModel):
    """The password that holds, and the one to come."""

    model_config = ConfigDict(extra="forbid")

    old: str
    new: str


class OpenSession(BaseModel):
    """A browser that is signed in; times are UTC epoch seconds."""

    began_at: float
    seen_at: float
    address: str
    this: bool = Field(description="whether it is the one that asks")


class ApiToken(BaseModel):
    """A token, without its secret; times are UTC epoch seconds."""

    id: str
    title: str
    scopes: list[str]
    created_at: float
    expires_at: float | None
    used_at: float | None
    revoked_at: float | None
    good: bool = Field(description="whether it opens anything now")

    @classmethod
    def of(cls, token: Token, now: float) -> ApiToken:
        return cls(
            id=token.id,
            title=token.title,
            scopes=sorted(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
            used_at=token.used_at,
            revoked_at=token.revoked_at,
            good=token.valid(now),
        )


class GivenToken(ApiToken):
    """A token as it is handed out."""

    secret: str = Field(description="shown once, and kept nowhere")


class WantedToken(BaseModel):
    """What a token is for, what it may do, and for how many days; null: until it is revoked."""

    model_config = ConfigDict(extra="forbid")

    title: str
    scopes: list[Scope]
    days: float | None = Field(90, gt=0, le=3650)


def session_router(side: SignInSide) -> APIRouter:
    """Serve who asks, and their way out."""
    router = APIRouter(prefix="/api/session", tags=["staff"])

    @router.get("", summary="Who am I?")
    async def me(identity: Asking, response: Response) -> Me:
        """Tell who the session or token belongs to."""
        response.headers["cache-control"] = "no-store"
        return Me.of(identity)

    @router.delete("", status_code=204, summary="Sign out")
    async def sign_out(identity: Asking, request: Request, response: Response) -> None:
        """End this session. A token has none to end."""
        if identity.proof == "session":
            await side.desk.sign_out(identity, address_of(request), side.clock())
        side.entry.cookie.take_back(response)

    return router


def account_router(side: SignInSide, register: Register) -> APIRouter:
    """Serve what somebody may change about themselves."""
    router = APIRouter(
        prefix="/api/account",
        tags=["staff"],
        responses={403: {"model": Problem, "description": "Not with a token, or wrong."}},
    )

    @router.post("/password", summary="Change my password")
    async def change_password(
        wanted: NewPassword, identity: Asking, request: Request, response: Response
    ) -> Me:
        """Every session of mine ends; this browser gets another."""
        address = address_of(request)
        side.attempts.check(identity.name, address, side.ticks())
        try:
            signed_in = await side.desk.change_password(
                identity, wanted.old, wanted.new, address, side.clock()
            )
        except StaffBusy as error:
            raise HTTPException(503, str(error), {"Retry-After": "2"}) from None
        except StaffError as error:
            raise HTTPException(422, str(error)) from None
        if signed_in is None:
            raise HTTPException(403, "the old password is wrong")
        return side.begin(response, signed_in)

    @router.get("/sessions", summary="Where am I signed in?")
    async def sessions(identity: Asking) -> list[OpenSession]:
        """All sessions of mine, the last used first."""
        return [
            OpenSession(
                began_at=each.began_at,
                seen_at=each.seen_at,
                address=each.address,
                this=each.key == identity.key,
            )
            for each in await side.desk.sessions(identity, side.clock())
        ]

    @router.delete("/sessions", status_code=204, summary="Sign out everywhere else")
    async def end_others(identity: Asking, request: Request) -> None:
        """Only this session goes on."""
        await side.desk.sign_out_elsewhere(identity, address_of(request), side.clock())

    @router.get("/tokens", summary="My tokens")
    async def tokens(identity: Asking) -> list[ApiToken]:
        """The newest first, the revoked ones too."""
        now = side.clock()
        return [ApiToken.of(each, now) for each in await register.tokens(identity.name)]

    @router.post("/tokens", status_code=201, summary="Make a token")
    async def add_token(
        wanted: WantedToken, identity: Asking, request: Request, response: Response
    ) -> GivenToken:
        """A key for a program, with some of my own rights."""
        try:
            new = await register.add_token(
                identity.name,
                wanted.title,
                wanted.scopes,
                actor_of(request),
                side.clock(),
                days=wanted.days,
            )
        except StaffError as error:
            raise HTTPException(422, str(error)) from None
        response.headers["cache-control"] = "no-store"
        told = ApiToken.of(new.token, side.clock())
        return GivenToken(**told.model_dump(), secret=new.secret)

    @router.delete("/tokens/{id}", status_code=204, summary="Revoke a token")
    async def revoke_token(
        id: Annotated[str, Path(max_length=16)], identity: Asking, request: Request
    ) -> None:
        """It opens nothing from now on."""
        try:
            await register.revoke_token(id, actor_of(request), side.clock(), owner=identity.name)
        except StaffError as error:
            raise HTTPException(404, str(error)) from None

    return router
