"""Figures of bridges and recordings."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.media.recorder import RecorderCounters
from voicebot.telephony.bridge import BridgeCounters
from voicebot.web.metrics import Figure


def bridge_figures(bridges: BridgeCounters) -> Iterator[Figure]:
    for name, help_, value in (
        ("bridges", "Bridges opened", bridges.opened),
        ("bridge_joins", "Legs that joined a bridge", bridges.joined),
        ("bridge_frames_inserted", "Frames made up between two clocks", bridges.inserted),
        ("bridge_frames_dropped", "Frames left out between two clocks", bridges.dropped),
    ):
        yield Figure(f"voicebot_{name}_total", help_, "counter", value)


def recording_figures(recorder: RecorderCounters) -> Iterator[Figure]:
    yield Figure("voicebot_recordings_running", "Calls being recorded", "gauge", recorder.running)
    for name, help_, value in (
        ("recordings", "Recordings begun", recorder.begun),
        ("recordings_failed", "Recordings that broke off", recorder.failed),
        (
            "recordings_unmuted",
            "Recordings held back because a secret in them could not be made silent",
            recorder.unmuted,
        ),
        (
            "recording_dropped_seconds",
            "Sound not recorded because the disk was too slow",
            recorder.dropped_ms / 1000,
        ),
    ):
        yield Figure(f"voicebot_{name}_total", help_, "counter", value)
