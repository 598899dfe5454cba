"""Figures of the doors that carry audio over TCP: AudioSocket and media streams."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.telephony.stream_counters import StreamSnapshot
from voicebot.web.metrics import Figure


def stream_figures(door: str, stream: StreamSnapshot) -> Iterator[Figure]:
    """What ``door`` ('audiosocket', 'mediastream') counted; its name becomes a label."""
    labels = {"door": door}
    for reason, count in stream.turned_away.items():
        yield Figure(
            "voicebot_stream_turned_away_total", "Connections and requests that were not served",
            "counter", count, labels | {"reason": reason},
        )  # fmt: skip
    for name, help_, value in (
        ("connections", "Connections taken", stream.connections),
        ("malformed", "Messages that were dropped as malformed", stream.malformed),
        ("messages_received", "Messages of audio received", stream.frames_received),
        ("frames_sent", "Frames sent, or silence kept", stream.frames_sent),
        ("frames_skipped", "Frames left out because the loop was held up", stream.frames_skipped),
        ("frames_late_20ms", "Frames sent more than 20 ms late", stream.frames_late_20ms),
        ("frames_late_40ms", "Frames sent more than 40 ms late", stream.frames_late_40ms),
        ("frames_unsent", "Frames that the other side was too slow for", stream.frames_unsent),
        ("frames_starved", "Frames of silence for want of audio", stream.frames_starved),
        ("frames_shortened", "Frames left out of pauses to catch up", stream.frames_shortened),
        ("frames_overflowed", "Frames that came in too large a heap", stream.frames_overflowed),
        ("audio_dropped", "Frames lost because a call was not read in time", stream.audio_dropped),
    ):
        yield Figure(f"voicebot_stream_{name}_total", help_, "counter", value, labels)
    for name, help_, now in (
        ("calls", "Calls that run", float(stream.active_calls)),
        ("waiting", "Connections or calls that are not calls yet", float(stream.waiting)),
        ("playback_lag_seconds", "How late what was sent is played", stream.playback_lag_s),
    ):
        yield Figure(f"voicebot_stream_{name}", help_, "gauge", now, labels)
