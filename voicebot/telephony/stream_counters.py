"""What a door that carries audio over TCP counts, for /metrics and benchmarks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from voicebot.telephony.frames_sent import FramesSent
from voicebot.telephony.stream_playout import PlayoutCounts

_SMOOTHING: Final = 0.05


@dataclass(frozen=True, slots=True)
class StreamSnapshot:
    """Counts since the start; ``active_calls`` and ``waiting`` are of this moment.

    ``waiting`` are connections or calls that have not yet said or shown what they are.
    ``turned_away`` by reason: who was not served at all. ``malformed`` are messages that were
    dropped. ``frames_unsent`` could not be sent because the other side did not read.
    ``playback_lag_s`` is how much later than expected a carrier reports to have played what it
    was sent (a moving mean); 0 where nobody reports.
    """

    active_calls: int
    waiting: int
    connections: int
    turned_away: Mapping[str, int]
    malformed: int
    frames_received: int
    frames_sent: int
    frames_skipped: int
    frames_late_20ms: int
    frames_late_40ms: int
    frames_unsent: int
    frames_starved: int
    frames_shortened: int
    frames_overflowed: int
    audio_dropped: int
    playback_lag_s: float


@dataclass(slots=True)
class StreamCounters(FramesSent):
    """The counters while they run; everything happens on the event loop."""

    connections: int = 0
    turned_away: Counter[str] = field(default_factory=Counter)
    malformed: int = 0
    frames_received: int = 0
    frames_unsent: int = 0
    audio_dropped: int = 0
    playback_lag_s: float = 0.0
    playout: PlayoutCounts = field(default_factory=PlayoutCounts)

    def played_after(self, lag_s: float) -> None:
        self.playback_lag_s += _SMOOTHING * (max(0.0, lag_s) - self.playback_lag_s)

    def snapshot(self, active_calls: int, waiting: int) -> StreamSnapshot:
        return StreamSnapshot(
            active_calls=active_calls,
            waiting=waiting,
            connections=self.connections,
            turned_away=dict(self.turned_away),
            malformed=self.malformed,
            frames_received=self.frames_received,
            frames_sent=self.frames_sent,
            frames_skipped=self.frames_skipped,
            frames_late_20ms=self.frames_late_20ms,
            frames_late_40ms=self.frames_late_40ms,
            frames_unsent=self.frames_unsent,
            frames_starved=self.playout.starved,
            frames_shortened=self.playout.shortened,
            frames_overflowed=self.playout.overflowed,
            audio_dropped=self.audio_dropped,
            playback_lag_s=self.playback_lag_s,
        )
