"""Which calls go on now, and how far each has come. Pure: it sees every fact of `voicebot.events`.

Whose caller talks with a person is told by who joins them, whoever that is: no fact tells of
supervisors, nor of numbers that a flow calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from voicebot.acd.model import ContactState
from voicebot.acd.views import ContactPlace
from voicebot.events import CallEnded, CallEvent, CallStarted, TurnFinished, TurnResult
from voicebot.types import CallId
from voicebot.wall.model import Stage

_SPOKEN: Final[frozenset[str]] = frozenset(
    {"sip", "webrtc", "audiosocket", "mediastream", "loopback", "terminal"}
)
"""What is written is counted by who keeps the conversations."""
_UNHEARD: Final = frozenset({TurnResult.SAID, TurnResult.NOINPUT})
_IN_QUEUE: Final[Mapping[ContactState, Stage]] = {
    ContactState.WAITING: Stage.QUEUED,
    ContactState.OFFERED: Stage.QUEUED,
    ContactState.CONNECTED: Stage.WITH_AGENT,
}


class CallsNow:
    """Every call that began and has not ended."""

    def __init__(self) -> None:
        self._was_heard: dict[CallId, bool] = {}

    def observe(self, event: CallEvent) -> None:
        """Take one fact."""
        match event:
            case CallStarted() if event.transport in _SPOKEN:
                self._was_heard[event.call_id] = False
            case TurnFinished() if event.call_id in self._was_heard:
                if event.result not in _UNHEARD:
                    self._was_heard[event.call_id] = True
            case CallEnded():
                self._was_heard.pop(event.call_id, None)

    def stages(
        self, places: Iterable[ContactPlace], joined: Collection[CallId], in_text: int
    ) -> Mapping[Stage, int]:
        """How many contacts are at each stage. ``places`` are those of all queues: of them only
        calls count, for who is to be called back is on no line. ``joined`` are the calls whose
        caller talks with a person."""
        queued = {CallId(each.contact.contact_id): _IN_QUEUE.get(each.state) for each in places}
        counts: Counter[Stage] = Counter()
        for call, heard in self._was_heard.items():
            with_bot = Stage.FLOW if heard else Stage.GREETING
            counts[Stage.WITH_AGENT if call in joined else queued.get(call) or with_bot] += 1
        counts[Stage.TEXT] = in_text
        return {stage: counts[stage] for stage in Stage}
