"""What the WebRTC door counts, for /metrics and benchmarks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from voicebot.telephony.playout import PlayoutCounts


@dataclass(frozen=True, slots=True)
class WebRtcSnapshot:
    """Counts since the start; ``active_calls`` is of this moment.

    ``refused`` by the reason's code. ``reconnects`` are new connections that took over a running
    call; ``never_connected`` calls that were answered and whose media did not come.
    """

    active_calls: int
    tokens: int
    refused: Mapping[str, int]
    answered: int
    never_connected: int
    reconnects: int
    keys: int
    messages_malformed: int
    messages_dropped: int
    audio_dropped: int
    packets_received: int
    packets_malformed: int
    packets_late: int
    frames_concealed: int
    frames_left_out: int
    frames_sent: int
    frames_skipped: int


@dataclass(slots=True)
class Counters:
    """The counters while they run; everything happens on the event loop."""

    refused: Counter[str] = field(default_factory=Counter)
    playout: PlayoutCounts = field(default_factory=PlayoutCounts)
    tokens: int = 0
    answered: int = 0
    never_connected: int = 0
    reconnects: int = 0
    keys: int = 0
    messages_malformed: int = 0
    messages_dropped: int = 0
    audio_dropped: int = 0
    packets_received: int = 0
    packets_malformed: int = 0
    frames_sent: int = 0
    frames_skipped: int = 0

    def snapshot(self, active_calls: int) -> WebRtcSnapshot:
        playout = self.playout
        return WebRtcSnapshot(
            active_calls=active_calls,
            tokens=self.tokens,
            refused=dict(self.refused),
            answered=self.answered,
            never_connected=self.never_connected,
            reconnects=self.reconnects,
            keys=self.keys,
            messages_malformed=self.messages_malformed,
            messages_dropped=self.messages_dropped,
            audio_dropped=self.audio_dropped,
            packets_received=self.packets_received,
            packets_malformed=self.packets_malformed,
            packets_late=playout.late,
            frames_concealed=playout.concealed,
            frames_left_out=playout.shortened,
            frames_sent=self.frames_sent,
            frames_skipped=self.frames_skipped,
        )
