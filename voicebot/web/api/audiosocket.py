"""``/api/audiosocket/calls``: where Asterisk's dialplan announces calls and asks what came of them.

Made for the dialplan's CURL(): forms in, plain text out. What it may ask is one word or one line,
and empty where there is nothing to say.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Annotated, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import PlainTextResponse

from voicebot.errors import CallError
from voicebot.types import Json
from voicebot.web.api.models import Problem
from voicebot.web.forms import read_fields

HEADER_FIELD: Final = "header."
"""What fields begin with that a flow may use: 'header.order=4271' is the header 'order'."""


class AnnouncedCalls(Protocol):
    """What the door offers the dialplan."""

    def announce(self, uuid: UUID, caller: str, callee: str, headers: Mapping[str, str]) -> None:
        """Expect a call. Raises CallError with the reason where that cannot be."""
        ...

    def state(self, uuid: UUID) -> str | None:
        """'announced', 'running', 'transfer', 'refused' or 'ended'; None for an unknown call."""
        ...

    def take(self, uuid: UUID) -> str:
        """Whom to connect the caller with, empty for nobody. Who asks takes the call over."""
        ...

    def context(self, uuid: UUID, name: str) -> str:
        """What was learned of a call that is transferred; empty where nothing was."""
        ...


def audiosocket_router(calls: AnnouncedCalls, token: str) -> APIRouter:
    """Serve ``calls`` to who shows ``token``; nobody where it is empty."""

    def authorise(authorization: Annotated[str, Header()] = "") -> None:
        if not token:
            raise HTTPException(403, "set VOICEBOT_AUDIOSOCKET__TOKEN to use this")
        shown = authorization.removeprefix("Bearer ").strip()
        if not hmac.compare_digest(shown.encode(), token.encode()):
            raise HTTPException(401, "wrong token", {"WWW-Authenticate": "Bearer"})

    router = APIRouter(
        prefix="/api/audiosocket/calls",
        tags=["doors"],
        dependencies=[Depends(authorise)],
        default_response_class=PlainTextResponse,
        responses={
            401: {"model": Problem, "description": "The token is missing or wrong."},
            403: {"model": Problem, "description": "No token is set."},
        },
    )

    @router.post("", status_code=201, summary="Announce a call that AudioSocket will bring")
    async def announce(request: Request) -> str:
        """Fields: `uuid`, and if known `caller`, `callee` and `header.NAME` for what a flow may
        use. A form or JSON. The call should come within a minute."""
        fields = await read_fields(request)
        uuid = _uuid(_text(fields, "uuid"))
        headers = {
            name.removeprefix(HEADER_FIELD): _text(fields, name)
            for name in fields
            if name.startswith(HEADER_FIELD)
        }
        try:
            calls.announce(uuid, _text(fields, "caller"), _text(fields, "callee"), headers)
        except CallError as error:
            raise HTTPException(409, str(error)) from None
        return "expected"

    @router.get("/{uuid}/state", summary="What became of an announced call")
    async def state(uuid: str) -> str:
        """`announced`, `running`, `transfer`, `refused` (no free line) or `ended`."""
        found = calls.state(_uuid(uuid))
        if found is None:
            raise HTTPException(404, "no such call was announced in the last minute")
        return found

    @router.get("/{uuid}/target", summary="Take over a call that is to be transferred")
    async def target(uuid: str) -> str:
        """The SIP or tel URI to connect the caller with; empty where the call was not to be
        transferred. Asking tells voicebot that the dialplan takes the call."""
        return calls.take(_uuid(uuid))

    @router.get("/{uuid}/context/{name}", summary="What a transferred call has learned")
    async def context(uuid: str, name: str) -> str:
        """One value that the flow passes on; empty where there is none of that name."""
        return calls.context(_uuid(uuid), name)

    return router


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise HTTPException(
            422, "uuid should be a UUID, such as 40325ec2-5efd-4bd3-805f-53576e581d13"
        ) from None


def _text(fields: Mapping[str, Json], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise HTTPException(422, f"{name[:64]} should be text")
    return value
