"""Figures of the SIP door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from voicebot.telephony.sip import RegistrationState, SipSnapshot
from voicebot.web.metrics import Figure


def sip_figures(sip: SipSnapshot) -> Iterator[Figure]:
    for method, count in sip.requests.items():
        yield Figure(
            "voicebot_sip_requests_total", "SIP requests received", "counter", count,
            {"method": method},
        )  # fmt: skip
    for status, count in sip.responses.items():
        yield Figure(
            "voicebot_sip_responses_total", "SIP responses sent", "counter", count,
            {"status": status},
        )  # fmt: skip
    for why, count in sip.unwelcome.items():
        yield Figure(
            "voicebot_sip_unwelcome_total", "SIP requests asked for a password or forbidden",
            "counter", count, {"why": why},
        )  # fmt: skip
    for name, help_, value in (
        ("sip_malformed", "SIP messages that were refused as malformed", sip.sip_malformed),
        ("sip_stray_responses", "SIP responses to nothing that was asked", sip.sip_stray_responses),
        ("rtp_malformed", "RTP packets that were dropped as malformed", sip.rtp_malformed),
        ("rtp_ignored", "RTP packets from strangers or of another codec", sip.rtp_ignored),
        ("rtp_received", "RTP packets received", sip.rtp_received),
        ("rtp_lost", "RTP packets that never came", sip.rtp_lost),
        ("rtp_concealed", "Frames that were made up for lost ones", sip.rtp_concealed),
        ("rtp_late", "RTP packets that came after their time", sip.rtp_late),
        ("audio_dropped", "Frames lost because a call was not read in time", sip.audio_dropped),
        ("frames_sent", "Frames sent", sip.frames_sent),
        ("frames_skipped", "Frames left out because the loop was held up", sip.frames_skipped),
        ("frames_late_20ms", "Frames sent more than 20 ms late", sip.frames_late_20ms),
        ("frames_late_40ms", "Frames sent more than 40 ms late", sip.frames_late_40ms),
    ):
        yield Figure(f"voicebot_{name}_total", help_, "counter", value)
    yield Figure("voicebot_sip_connections", "TCP connections of SIP", "gauge", sip.sip_connections)
    yield Figure(
        "voicebot_rtp_jitter_seconds", "Mean jitter of running calls", "gauge",
        sip.jitter_ms / 1000,
    )  # fmt: skip


def registration_figures(states: Mapping[str, RegistrationState]) -> Iterator[Figure]:
    for provider, state in states.items():
        yield Figure(
            "voicebot_sip_registered", "Whether a SIP provider knows us", "gauge",
            int(state.registered), {"provider": provider},
        )  # fmt: skip
    for provider, state in states.items():
        yield Figure(
            "voicebot_sip_registration_failures_total",
            "Rounds in which no server of a provider took us", "counter", state.failures,
            {"provider": provider},
        )  # fmt: skip
