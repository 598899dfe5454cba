"""``/api/users``: who may sign in, for administrators.

A new user, and one who has forgotten theirs, gets a password that we make up: it is told once and
is good for choosing another. So no administrator knows what anybody signs in with, and none has to
think of one. Whoever asks cannot lock out themselves nor take their own password: that is what
``/account`` is for. Users are disabled, never deleted (`staff.register`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from voicebot.errors import StaffBusy, StaffError
from voicebot.staff.model import Session, Token, User
from voicebot.staff.names import LONGEST
from voicebot.staff.register import Register
from voicebot.staff.roles import SCOPES_OF, Role
from voicebot.staff.secrets import new_password
from voicebot.web.api.models import Problem
from voicebot.web.api.session import ApiToken
from voicebot.web.api.sign_in import SignInSide
from voicebot.web.identity import actor_of, identity_of

Name = Annotated[str, Path(max_length=4 * LONGEST, description="the user's name")]


class Member(BaseModel):
    """Somebody who may sign in; times are UTC epoch seconds."""

    name: str
    role: Role
    disabled: bool = Field(description="may not sign in, and no token of theirs opens anything")
    must_change_password: bool
    created_at: float
    sessions: int = Field(description="browsers that are signed in")
    seen_at: float | None = Field(description="when one of them was last used; to the minute")
    tokens: int = Field(description="tokens that still open something")
    you: bool = Field(description="whether it is the one who asks")


class MemberList(BaseModel):
    """All users, by name, and what each role may do."""

    users: list[Member]
    roles: dict[Role, list[str]]


class NewMember(BaseModel):
    """Somebody to add."""

    model_config = ConfigDict(extra="forbid")

    name: str
    role: Role


class Change(BaseModel):
    """What is to be different; null leaves it."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    disabled: bool | None = None


class FirstPassword(BaseModel):
    """A password to begin with, as it is handed out."""

    name: str
    password: str = Field(description="shown once; good for choosing another")


def users_router(side: SignInSide, register: Register) -> APIRouter:
    """Serve ``register``."""
    router = APIRouter(
        prefix="/api/users",
        tags=["staff"],
        responses={422: {"model": Problem, "description": "It cannot be; the reason is told."}},
    )

    @router.get("", summary="Who may sign in?")
    async def members(request: Request) -> MemberList:
        """All users, disabled ones too."""
        asking = identity_of(request).name
        users, tokens = await register.users(), await register.tokens()
        sessions, now = side.desk.open_ones(await register.sessions(), side.clock()), side.clock()
        return MemberList(
            users=[_member(each, sessions, tokens, asking, now) for each in users],
            roles={role: sorted(scopes) for role, scopes in SCOPES_OF.items()},
        )

    @router.post("", status_code=201, summary="Add a user")
    async def add(wanted: NewMember, request: Request, response: Response) -> FirstPassword:
        """They sign in with the password of the answer, and choose their own."""
        password = new_password()
        by, now = actor_of(request), side.clock()
        with _refusals():
            user = await register.add_user(
                wanted.name, wanted.role, password, by, now, must_change=True
            )
        response.headers["cache-control"] = "no-store"
        return FirstPassword(name=user.name, password=password)

    @router.patch("/{name}", status_code=204, summary="Change a role, lock or unlock")
    async def change(name: Name, wanted: Change, request: Request) -> None:
        """Who is locked is signed out everywhere. One administrator always stays."""
        by, now = actor_of(request), side.clock()
        with _refusals():
            if wanted.disabled:
                await _of_another(register, name, request)
            if wanted.role is not None:
                await register.set_role(name, wanted.role, by, now)
            if wanted.disabled:
                await register.disable(name, by, now)
            elif wanted.disabled is not None:
                await register.enable(name, by, now)

    @router.post("/{name}/password", summary="Give another password")
    async def reset(name: Name, request: Request, response: Response) -> FirstPassword:
        """They are signed out everywhere and choose their own with the next sign-in."""
        password = new_password()
        with _refusals():
            await _of_another(register, name, request)
            user = await register.set_password(
                name, password, actor_of(request), side.clock(), must_change=True
            )
        response.headers["cache-control"] = "no-store"
        return FirstPassword(name=user.name, password=password)

    @router.delete("/{name}/sessions", status_code=204, summary="Sign a user out everywhere")
    async def end_sessions(name: Name, request: Request) -> None:
        """They may sign in again."""
        with _refusals():
            await register.end_sessions(name, actor_of(request), side.clock())

    _add_tokens(router, side, register)
    return router


def _add_tokens(router: APIRouter, side: SignInSide, register: Register) -> None:
    @router.get("/{name}/tokens", summary="The tokens of a user")
    async def tokens(name: Name) -> list[ApiToken]:
        """The newest first, the revoked ones too."""
        now = side.clock()
        with _refusals():
            return [ApiToken.of(each, now) for each in await register.tokens(name)]

    @router.delete("/{name}/tokens/{id}", status_code=204, summary="Revoke a token of a user")
    async def revoke(name: Name, id: Annotated[str, Path(max_length=16)], request: Request) -> None:
        """It opens nothing from now on."""
        with _refusals():
            owner = (await register.user(name)).name
            await register.revoke_token(id, actor_of(request), side.clock(), owner=owner)


async def _of_another(register: Register, name: str, request: Request) -> None:
    if (await register.user(name)).name == identity_of(request).name:
        raise StaffError("not with yourself; your own password is changed at /account")


def _member(
    user: User, sessions: Sequence[Session], tokens: Sequence[Token], asking: str, now: float
) -> Member:
    seen = [each.seen_at for each in sessions if each.user == user.name]
    return Member(
        name=user.name,
        role=user.role,
        disabled=user.disabled,
        must_change_password=user.must_change,
        created_at=user.created_at,
        sessions=len(seen),
        seen_at=max(seen, default=None),
        tokens=sum(each.user == user.name and each.valid(now) for each in tokens),
        you=user.name == asking,
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell what cannot be, and why."""
    try:
        yield
    except StaffBusy as error:
        raise HTTPException(503, str(error), {"Retry-After": "2"}) from None
    except StaffError as error:
        raise HTTPException(422, str(error)) from None
