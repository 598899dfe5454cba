"""``/api/listen``: supervisors listen to calls, whisper to agents, take callers over, send them
on, end calls.

Who opens a call gets a right to one WebRTC call, as callers get from ``/api/webrtc/token``, and
asks every few seconds how things stand; a page that does not is let go. Each deed is in the audit
log before it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from voicebot.desk.overhearing import Overhearing, Standing
from voicebot.desk.supervision import Conversation, Supervision
from voicebot.errors import UsageError
from voicebot.sessions.open_call import SoFar
from voicebot.staff.model import Actor, AuditEntry, AuditLog, Deed
from voicebot.types import CallId
from voicebot.web.api.models import Problem
from voicebot.web.identity import actor_of

_DEEDS: Final = {
    Standing.WHISPERING: Deed.AGENT_WHISPERED_TO,
    Standing.TALKING: Deed.CALL_TAKEN_OVER,
}
_OVER: Final = "this call is over, or you are not in it"


class Conversations(BaseModel):
    """Those that may be listened to."""

    conversations: list[Conversation] = Field(description="the longest first")


class ListenOrder(BaseModel):
    """Which call."""

    model_config = ConfigDict(extra="forbid")

    call: str = Field(min_length=1, max_length=64)


class ListenRight(BaseModel):
    """The right to the call that the page makes now."""

    id: str = Field(description="for the other orders")
    token: str = Field(description="as of /api/webrtc/token; good for one call")
    ice_servers: list[dict[str, str]]


class BecomeOrder(BaseModel):
    """What to do from now on."""

    model_config = ConfigDict(extra="forbid")

    standing: Standing = Field(description="listening, whispering or talking")


class SendOrder(BaseModel):
    """Where the caller is to wait for a person."""

    model_config = ConfigDict(extra="forbid")

    queue: str = Field(min_length=1, max_length=64)


class Place(BaseModel):
    """How things stand for one supervisor."""

    standing: Standing
    conversation: Conversation
    so_far: SoFar | None = Field(
        description="what the bot has said, heard and learned; null where it never had the call"
    )
    queues: tuple[str, ...] = Field(description="those that you may send the caller to now")


Id = Annotated[str, InPath(max_length=32)]
Asker = Annotated[Actor, Depends(actor_of)]


def listen_router(
    supervision: Supervision, audit: AuditLog, clock: Callable[[], float]
) -> APIRouter:
    """Serve ``supervision``; ``clock`` gives UTC epoch seconds."""
    router = APIRouter(prefix="/api/listen", tags=["wall"])

    async def note(actor: Actor, deed: Deed, call: CallId) -> None:
        await audit.note(AuditEntry(clock(), actor.who, deed, call, actor.address))

    def there(id: str, actor: Actor) -> tuple[Overhearing, Conversation]:
        found = supervision.seen(id, actor.who)
        if found is None:
            raise HTTPException(404, _OVER)
        return found

    def place(id: str, actor: Actor) -> Place:
        overhearing, conversation = there(id, actor)
        return Place(
            standing=overhearing.standing,
            conversation=conversation,
            so_far=supervision.so_far(conversation.call),
            queues=supervision.queues(overhearing),
        )

    @router.get("", summary="Calls that may be listened to")
    async def conversations() -> Conversations:
        """Those that go on now: with the bot, waiting for a person, and with one."""
        return Conversations(conversations=list(supervision.conversations()))

    @router.post(
        "",
        status_code=201,
        summary="Listen to a call",
        responses={409: {"model": Problem, "description": "It is over, or full."}},
    )
    async def begin(order: ListenOrder, actor: Asker) -> ListenRight:
        """Offer the call at /api/webrtc/offer with the token that this gives."""
        call = CallId(order.call)
        try:
            supervision.find(call)
            await note(actor, Deed.CALL_LISTENED_TO, call)
            coming, right = supervision.begin(call, actor.who)
        except UsageError as error:
            raise HTTPException(409, str(error)) from None
        return ListenRight.model_validate({"id": coming.id, **right})

    @router.get(
        "/{id}",
        summary="How things stand",
        responses={404: {"model": Problem, "description": "It is over, or not yours."}},
    )
    async def standing(id: Id, actor: Asker) -> Place:
        """To be asked every few seconds; who does not is let go."""
        return place(id, actor)

    @router.put(
        "/{id}",
        summary="Listen, whisper or take over",
        responses={
            404: {"model": Problem, "description": "It is over, or not yours."},
            409: {"model": Problem, "description": "That cannot be done now."},
        },
    )
    async def become(id: Id, order: BecomeOrder, actor: Asker) -> Place:
        """Whispering: the agent alone hears you. Talking: you have the caller, and the agent or
        the bot leaves; the standing is `stepping_in` while the bot cannot be interrupted."""
        overhearing, conversation = there(id, actor)
        try:
            overhearing.check(order.standing)
            if order.standing in _DEEDS and order.standing is not overhearing.standing:
                await note(actor, _DEEDS[order.standing], conversation.call)
            await overhearing.become(order.standing)
        except UsageError as error:
            raise HTTPException(409, str(error)) from None
        return place(id, actor)

    @router.post(
        "/{id}/queue",
        status_code=202,
        summary="Send the caller to a queue",
        responses={
            404: {"model": Problem, "description": "It is over, or not yours."},
            409: {"model": Problem, "description": "That cannot be done now."},
        },
    )
    async def send_on(id: Id, order: SendOrder, actor: Asker) -> None:
        """For callers whom the bot has, or whom you have taken over from it: they wait for a person
        as if the flow had sent them. Who has taken over leaves, all others go on listening."""
        overhearing, conversation = there(id, actor)
        try:
            supervision.check_sending(overhearing, order.queue)
            await note(actor, Deed.CALLER_SENT_ON, conversation.call)
            await overhearing.send_on(order.queue)
        except UsageError as error:
            raise HTTPException(409, str(error)) from None

    @router.post(
        "/{id}/end",
        status_code=202,
        summary="End the call",
        responses={
            404: {"model": Problem, "description": "It is over, or not yours."},
            409: {"model": Problem, "description": "You have not taken the caller over."},
        },
    )
    async def end_call(id: Id, actor: Asker) -> None:
        """For callers whom you have taken over: they are hung up, and the flow does not go on."""
        overhearing, conversation = there(id, actor)
        try:
            overhearing.check_ending()
            await note(actor, Deed.CALL_ENDED, conversation.call)
            await overhearing.end_call()
        except UsageError as error:
            raise HTTPException(409, str(error)) from None

    return router
