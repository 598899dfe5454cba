"""What was known of text in a recorded call, and what came of a link that its flow sent.

The record tells by the stages on the way to text: who was offered it could be, and a link that
could not be sent cannot be sent now. Left out on purpose: callers whom nothing was offered, since
the record does not tell whether they could have been; and how long the queues were, so that an
offer to somebody on the way to a person is made again only where the flow does not ask for that.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from voicebot.events import DeflectionReached, DeflectionStage
from voicebot.flows.commands import SendText
from voicebot.flows.events import FlowEvent, TextNotSent, TextSent
from voicebot.sessions.records import CallRecord
from voicebot.types import Json

_NUMBER: Final = re.compile(r"\+?[0-9]{5,15}")


@dataclass(frozen=True, slots=True)
class RecordedOffers:
    """``fact`` is the variable ``text`` of the flow, None where nothing was offered."""

    fact: Json = None
    failed: bool = False

    @classmethod
    def of(cls, call: CallRecord, stages: Collection[DeflectionReached]) -> RecordedOffers:
        """What ``stages`` tell of ``call``."""
        reached = {each.stage for each in stages}
        if DeflectionStage.OFFERED not in reached:
            return cls()
        number = call.caller if _NUMBER.fullmatch(call.caller) else None
        fact: Json = {
            "to": "page" if call.transport == "webrtc" else "sms",
            "number": number,
            "ending": number[-2:] if number else None,
            "never": [],
        }
        failed = DeflectionStage.FAILED in reached and DeflectionStage.ACCEPTED not in reached
        return cls(fact, failed)

    def sent(self, text: SendText) -> FlowEvent:
        """What came of the link."""
        return TextNotSent("it could not be sent then") if self.failed else TextSent()
