"""What the server lends to each telephone call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from voicebot.flows.commands import TransferMode
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.ears import Detector, Recognize, voice_detector
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.offers import NO_TEXT, TextOffers
from voicebot.sessions.queue_handoff import Kept, Queueing
from voicebot.sessions.recording import Recordings
from voicebot.sessions.records import Journal
from voicebot.sessions.registry import CallRegistry
from voicebot.sessions.tongue import Tongue
from voicebot.speech.prompts import PromptRenderer
from voicebot.telephony._api import LegInfo
from voicebot.turns.signals import TurnPolicy
from voicebot.types import Json, Language, Prompt


@dataclass(frozen=True, slots=True)
class VoiceServices:
    """What all calls share. Everything slow among it is asynchronous.

    ``recognize`` and ``renderer`` are those of the language in which a call begins, ``tongue``
    gives those of another one that the flow changes to, None where there are none.
    ``comprehension`` understands what no grammar holds, with ``grammars`` alone where it is None;
    ``transfer_modes`` are those of single targets, where a flow does not say how it hands over;
    ``recordings`` is None where calls are not recorded.
    """

    recognize: Recognize
    renderer: PromptRenderer
    grammars: ListenGrammars
    act: Callable[[str, Mapping[str, Json]], Awaitable[Json]]
    transfer_targets: Mapping[str, str]
    journal: Journal
    publish: Callable[[LiveEvent], None]
    registry: CallRegistry
    turns: TurnPolicy
    clock: Callable[[], float] = time.time
    detector: Callable[[int], Detector] = voice_detector
    handoffs: HandoffServices = field(default_factory=HandoffServices)
    transfer_modes: Mapping[str, TransferMode] = field(default_factory=dict)
    queueing: Queueing | None = None
    """The queues of the application; None where there are none."""
    kept: Kept | None = None
    """The place that the contact had in a queue before this call."""
    recordings: Recordings | None = None
    comprehension: Comprehension | None = None
    tongue: Callable[[Language], Tongue | None] = lambda language: None
    who_calls: Callable[[LegInfo], Awaitable[Mapping[str, Json]]] | None = None
    """Gives variables about the caller in a bounded time, and never raises (`sessions.callers`)."""
    announcement: Prompt | None = None
    """Said before the call is answered, where the door can do that."""
    offers: TextOffers = NO_TEXT
