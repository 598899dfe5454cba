"""Which calls go on now, and how far each has come. Pure: it sees every fact of `voicebot.events`.

A call that talks on another line by a transfer of the flow's own (not to a queue) counts as in the
flow: no fact tells when it got there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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

    def stages(self, places: Iterable[ContactPlace], in_text: int) -> Mapping[Stage, int]:
        """How many contacts are at each stage. ``places`` are those of all queues: of them only
        calls count, for who is to be called back is on no line."""
        queued = {CallId(each.contact.contact_id): _IN_QUEUE.get(each.state) for each in places}
        counts: Counter[Stage] = Counter()
        for call, heard in self._was_heard.items():
            counts[queued.get(call) or (Stage.FLOW if heard else Stage.GREETING)] += 1
        counts[Stage.TEXT] = in_text
        return {stage: counts[stage] for stage in Stage}
