"""The offers of text in one call: what the record says of them, and the contact that moves on."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.events import DeflectionStage
from voicebot.flows.commands import Command, SendText
from voicebot.flows.events import FlowEvent, TextSent
from voicebot.sessions.account import CallAccount
from voicebot.sessions.dialogue import Dialogue
from voicebot.sessions.invitation import MovingContact
from voicebot.sessions.offers import TextOffers
from voicebot.telephony._api import LegInfo
from voicebot.types import Language


@dataclass(frozen=True, slots=True)
class TextInCall:
    """``flow`` and ``version`` are those in which the contact goes on after ``dialogue``."""

    info: LegInfo
    dialogue: Dialogue
    account: CallAccount
    offers: TextOffers
    flow: str
    version: str

    def offered(self, intent: str, listen: Command) -> None:
        """The caller is asked whether to go on in text, and answers to ``listen``."""
        self.account.deflected(DeflectionStage.OFFERED, intent)
        self.offers.asked(self.info.call_id, listen)

    def closed(self, intent: str, *, declined: bool) -> None:
        """The question is over, without a yes."""
        self.offers.settled(self.info.call_id)
        if declined:
            self.account.deflected(DeflectionStage.DECLINED, intent)

    async def send(self, text: SendText, language: Language) -> FlowEvent:
        """Give the caller the link to this conversation; what the flow is told (`TextOffers`)."""
        self.offers.settled(self.info.call_id)
        contact = MovingContact(
            self.info.call_id,
            self.flow,
            language,
            self.version,
            self.dialogue.moving(),
            {"caller": self.info.caller, "callee": self.info.callee},
            tuple(self.account.turns),
        )
        event = await self.offers.send(contact, text.number)
        sent = isinstance(event, TextSent)
        stage = DeflectionStage.ACCEPTED if sent else DeflectionStage.FAILED
        self.account.deflected(stage, text.intent)
        return event
