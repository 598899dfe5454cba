"""Figures of messages that go out in text."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.texting.dispatch import DispatchCounters
from voicebot.web.metrics import Figure


def texting_figures(counters: DispatchCounters) -> Iterator[Figure]:
    for name, help_, value in (
        ("taken", "Messages taken in for sending", counters.taken),
        ("refused", "Messages that were not taken in: limits, opt-outs", counters.refused),
        ("opt_outs", "Numbers that asked for no more messages", counters.opt_outs),
    ):
        yield Figure(f"voicebot_text_messages_{name}_total", help_, "counter", value)
    for state, count in sorted(counters.ended.items()):
        yield Figure(
            "voicebot_text_messages_ended_total",
            "Messages by what the last attempt led to",
            "counter",
            count,
            {"state": state},
        )
