"""Figures of the WebRTC door."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.telephony.webrtc import WebRtcSnapshot
from voicebot.web.metrics import Figure


def webrtc_figures(webrtc: WebRtcSnapshot) -> Iterator[Figure]:
    for code, count in webrtc.refused.items():
        yield Figure(
            "voicebot_webrtc_refused_total", "Requests of pages that were refused by the door",
            "counter", count, {"code": code},
        )  # fmt: skip
    for name, help_, value in (
        ("tokens", "Tokens given to pages", webrtc.tokens),
        ("answered", "Calls from browsers that were answered", webrtc.answered),
        ("never_connected", "Calls from browsers whose media never came", webrtc.never_connected),
        ("reconnects", "New connections that took over a running call", webrtc.reconnects),
        ("keys", "Keys that came over data channels", webrtc.keys),
        ("messages_malformed", "Messages of pages that made no sense", webrtc.messages_malformed),
        ("messages_dropped", "Messages lost to bounds", webrtc.messages_dropped),
        ("audio_dropped", "Frames lost because a call was not read in time", webrtc.audio_dropped),
        ("packets_received", "Packets of sound received", webrtc.packets_received),
        ("packets_malformed", "Packets that were no Opus", webrtc.packets_malformed),
        ("packets_late", "Packets that came after their time", webrtc.packets_late),
        (
            "frames_concealed",
            "Frames made up for lost ones",
            webrtc.frames_concealed,
        ),
        ("frames_left_out", "Frames left out to shorten the delay", webrtc.frames_left_out),
        ("frames_sent", "Frames sent", webrtc.frames_sent),
        ("frames_skipped", "Frames left out because the loop was held up", webrtc.frames_skipped),
    ):
        yield Figure(f"voicebot_webrtc_{name}_total", help_, "counter", value)
    yield Figure(
        "voicebot_webrtc_calls", "Calls from browsers going on now", "gauge", webrtc.active_calls
    )
