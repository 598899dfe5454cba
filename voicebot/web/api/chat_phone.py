"""``/api/chat/{conversation}/phone``: have the holder of a conversation called at a telephone.

What comes of it is told with the views (`View.call`): dialling takes longer than a request should.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from fastapi import APIRouter, Depends, Request

from voicebot.errors import TextRefused
from voicebot.sessions.invitation import ConversationId
from voicebot.web.api.chat_models import Number, Phone
from voicebot.web.bodies import read_body
from voicebot.web.identity import address_of

LARGEST_BODY: Final = 1024


class PhoneCalls(Protocol):
    """Who makes the calls; `voicebot.sessions.call_me.CallMe` is one. All of it may raise
    TextRefused and StorageError."""

    @property
    def is_offered(self) -> bool: ...

    async def ending(self, conversation: ConversationId) -> str: ...

    async def call(self, conversation: ConversationId, written: str, address: str = "") -> None: ...


def add_phone_routes(
    router: APIRouter,
    known: Callable[..., Awaitable[ConversationId]],
    may_write: Callable[[ConversationId], None],
    phones: PhoneCalls | None,
) -> None:
    """Add them to the router of conversations. ``known`` gives the conversation that a request
    holds; ``may_write`` raises TextRefused 'rate'."""

    @router.get("/{conversation}/phone", summary="Whether a telephone can be called")
    async def phone(conversation: ConversationId = Depends(known)) -> Phone:
        """Tell whether numbers are called, and how the number ends that is known."""
        if phones is None or not phones.is_offered:
            return Phone(offered=False)
        return Phone(offered=True, ending=await phones.ending(conversation))

    @router.post("/{conversation}/phone", status_code=202, summary="Call a telephone")
    async def call(request: Request, conversation: ConversationId = Depends(known)) -> Phone:
        """Begin to call the number, or the one that is known. The conversation goes on by voice
        once somebody has answered; until then, and where nobody does, it goes on in text."""
        may_write(conversation)
        asked = await read_body(request, Number, LARGEST_BODY, TextRefused)
        if phones is None:
            raise TextRefused("voice", "nobody is called from here")
        await phones.call(conversation, asked.number, address_of(request))
        return Phone(offered=True)
