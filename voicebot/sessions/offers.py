"""Carries out an offer of text: makes the conversation ready, and gives its link to the caller.

By SMS to a caller on the telephone, on the screen to one who calls from the browser. The link goes
out from here at once or into a durable queue, never into a log. What a flow may know of it is the
fact ``text`` (`flows.offer_rules`). A line that is told nothing of text has `NO_TEXT`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from voicebot.errors import StorageError, TextUnavailable
from voicebot.events import CallEvent, DeflectionReached, DeflectionStage
from voicebot.flows.commands import Command, Listen
from voicebot.flows.events import FlowEvent, TextNotSent, TextSent
from voicebot.sessions.invitation import (
    Invitation,
    MovingContact,
    TextInvitations,
    TextReached,
    TextStage,
)
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId, Json, Language, Outcome

SEND_LIMIT_S = 5.0
"""How long a caller waits for the link to be made and queued."""

log = structlog.get_logger(__name__)


class LinkSender(Protocol):
    """Brings a link to a telephone number."""

    def reach(self, number: str) -> str | None:
        """``number`` as messages are addressed; None where none may or can go there."""
        ...

    async def send_link(
        self, contact: CallId, number: str, link: str, language: Language, expires_at: float
    ) -> None:
        """Queue a message with ``link``, durably; it is of no use after ``expires_at``, UTC epoch
        seconds. Raises TextUnavailable for what will not be sent, StorageError."""
        ...


@dataclass(frozen=True, slots=True)
class TextOffers:
    """How text is offered. ``links`` and ``show`` (which puts a link on a call's page, and says
    whether there is one) are None where there is no such way; ``never`` are intents for which
    nothing is offered, ``soon_s`` the wait for a person that counts as short. ``ask``
    has a call's page ask what the caller is being asked, by the key that means yes; none: no
    more."""

    invitations: TextInvitations | None = None
    links: LinkSender | None = None
    show: Callable[[CallId, str], bool] | None = None
    never: tuple[str, ...] = ()
    soon_s: float = 60.0
    ask: Callable[[CallId, str], None] = lambda call_id, key: None

    def fact(self, info: LegInfo) -> Json:
        """What a flow knows of text from the beginning, null where none can be offered."""
        if self.invitations is None:
            return None
        number: str | None = None
        if info.transport == "webrtc":
            to = "page" if self.show is not None else None
        else:
            to = "sms" if self.links is not None else None
            number = self.links.reach(info.caller) if self.links is not None else None
        if to is None:
            return None
        return {
            "to": to,
            "number": number,
            "ending": number[-2:] if number else None,
            "never": list(self.never),
            "soon_s": self.soon_s,
        }

    def asked(self, call_id: CallId, listen: Command) -> None:
        """The caller is being asked whether to go on in text, and answers to ``listen``: a page
        shows a button for the yes."""
        keys = listen.keys.items() if isinstance(listen, Listen) else ()
        yes = next((key for key, meaning in keys if meaning is True and len(key) == 1), "")
        self.ask(call_id, yes)

    def settled(self, call_id: CallId) -> None:
        """The caller has answered, or is asked something else now."""
        self.ask(call_id, "")

    async def send(self, contact: MovingContact, number: str) -> FlowEvent:
        """Make the link and give it to the caller: to ``number``, on the page where it is empty.
        Gives `TextSent` or `TextNotSent`, and raises nothing."""
        try:
            async with asyncio.timeout(SEND_LIMIT_S):
                await self._send(contact, number)
        except TextUnavailable as error:
            return TextNotSent(str(error))
        except (StorageError, TimeoutError) as error:
            log.warning("text_not_sent", call_id=contact.contact, problem=type(error).__name__)
            return TextNotSent("the link could not be kept")
        return TextSent()

    async def _send(self, contact: MovingContact, number: str) -> None:
        if self.invitations is None:
            raise TextUnavailable("text is switched off")
        to = self.links.reach(number) if number and self.links is not None else None
        if number and to is None:
            raise TextUnavailable("no message reaches this number")
        invitation = await self.invitations.prepare(contact)
        try:
            await self._deliver(contact, invitation, to)
        except (TextUnavailable, StorageError):
            await self.invitations.withdraw(invitation.conversation)
            raise

    async def _deliver(
        self, contact: MovingContact, invitation: Invitation, to: str | None
    ) -> None:
        if to is not None and self.links is not None:
            await self.links.send_link(
                contact.contact, to, invitation.url, contact.language, invitation.expires_at
            )
        elif self.show is None or not self.show(contact.contact, invitation.url):
            raise TextUnavailable("there is no page to show it on")


NO_TEXT = TextOffers()


class DeflectionLedger:
    """Writes down how conversations in text go on: a `TextWatcher`."""

    def __init__(self, append: Callable[[CallEvent], None]) -> None:
        self._append = append

    def reached(self, event: TextReached) -> None:
        """Take one fact; one that began in text was never deflected."""
        if event.contact:
            stage = _stage_of(event)
            self._append(DeflectionReached(event.contact, event.at, stage))


def _stage_of(event: TextReached) -> DeflectionStage:
    match event.stage:
        case TextStage.OPENED:
            return DeflectionStage.OPENED
        case TextStage.CAME_BACK:
            return DeflectionStage.CAME_BACK
        case TextStage.ENDED if event.outcome is Outcome.SELF_SERVED:
            return DeflectionStage.SERVED
        case TextStage.ENDED if event.outcome in {Outcome.TRANSFERRED, Outcome.CALLBACK_BOOKED}:
            return DeflectionStage.HANDED_ON
    return DeflectionStage.GAVE_UP
