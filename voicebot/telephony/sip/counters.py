"""What the SIP door counts, for /metrics and benchmarks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from voicebot.telephony.frames_sent import FramesSent
from voicebot.telephony.sip.messages import KNOWN_METHODS


@dataclass(frozen=True, slots=True)
class SipSnapshot:
    """Counts since the start; ``active_calls``, ``sip_connections`` and ``jitter_ms`` are of this
    moment. ``sip_stray_responses`` answer nothing that we have asked lately.

    ``rtp_late`` are packets that came after their time to be played; ``rtp_ignored`` those from a
    stranger's address or of a payload type that was not agreed. ``frames_late_20ms`` and ``_40ms``
    count frames that left more than that after their due time, those left out altogether
    (``frames_skipped``) included. ``audio_dropped`` are frames that a slow reader lost.
    ``unwelcome`` are requests that were asked for a password or forbidden, by why.
    """

    active_calls: int
    requests: Mapping[str, int]
    responses: Mapping[str, int]
    sip_malformed: int
    sip_stray_responses: int
    sip_connections: int
    rtp_malformed: int
    rtp_ignored: int
    rtp_received: int
    rtp_lost: int
    rtp_concealed: int
    rtp_late: int
    audio_dropped: int
    jitter_ms: float
    frames_sent: int
    frames_skipped: int
    frames_late_20ms: int
    frames_late_40ms: int
    unwelcome: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """What one stream knows of its own quality."""

    lost: int
    concealed: int
    late: int
    jitter_ms: float


class Stream(Protocol):
    """A running stream."""

    def counts(self) -> StreamCounts: ...


@dataclass(slots=True)
class Counters(FramesSent):
    """The counters while they run; everything happens on the event loop."""

    requests: Counter[str] = field(default_factory=Counter)
    responses: Counter[str] = field(default_factory=Counter)
    unwelcome: Counter[str] = field(default_factory=Counter)
    sip_malformed: int = 0
    stray_responses: int = 0
    rtp_malformed: int = 0
    rtp_ignored: int = 0
    rtp_received: int = 0
    audio_dropped: int = 0
    _lost: int = 0
    _concealed: int = 0
    _late: int = 0

    def request(self, method: str) -> None:
        self.requests[method if method in KNOWN_METHODS else "other"] += 1

    def response(self, status: int) -> None:
        self.responses[f"{status // 100}xx"] += 1

    def not_welcome(self, why: str) -> None:
        self.unwelcome[why] += 1

    def malformed_sip(self) -> None:
        self.sip_malformed += 1

    def stream_closed(self, counts: StreamCounts) -> None:
        """Keep what a stream counted after it is gone."""
        self._lost += counts.lost
        self._concealed += counts.concealed
        self._late += counts.late

    def snapshot(
        self, active_calls: int, streams: Iterable[Stream], connections: int
    ) -> SipSnapshot:
        running = [stream.counts() for stream in streams]
        return SipSnapshot(
            active_calls=active_calls,
            requests=dict(self.requests),
            responses=dict(self.responses),
            sip_malformed=self.sip_malformed,
            sip_stray_responses=self.stray_responses,
            sip_connections=connections,
            rtp_malformed=self.rtp_malformed,
            rtp_ignored=self.rtp_ignored,
            rtp_received=self.rtp_received,
            rtp_lost=self._lost + sum(one.lost for one in running),
            rtp_concealed=self._concealed + sum(one.concealed for one in running),
            rtp_late=self._late + sum(one.late for one in running),
            audio_dropped=self.audio_dropped,
            jitter_ms=sum(one.jitter_ms for one in running) / len(running) if running else 0.0,
            frames_sent=self.frames_sent,
            frames_skipped=self.frames_skipped,
            frames_late_20ms=self.frames_late_20ms,
            frames_late_40ms=self.frames_late_40ms,
            unwelcome=dict(self.unwelcome),
        )
