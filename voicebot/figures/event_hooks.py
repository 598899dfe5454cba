"""Figures of webhooks: what other programs were told, and what waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from voicebot.notices.delivery import Counters
from voicebot.web.metrics import Figure


def event_hook_figures(hooks: Mapping[str, Counters]) -> Iterator[Figure]:
    for hook, counters in hooks.items():
        of = {"hook": hook}
        for name, help_, value in (
            ("delivered", "Notices that a webhook has taken", counters.delivered),
            ("failed", "Attempts to tell a webhook that failed", counters.failed),
            ("given_up", "Notices that no webhook took in time", counters.given_up),
        ):
            yield Figure(f"voicebot_event_hook_{name}_total", help_, "counter", value, of)
        yield Figure(
            "voicebot_event_hook_waiting",
            "Notices that wait, when last looked at",
            "gauge",
            counters.waiting,
            of,
        )
        yield Figure(
            "voicebot_event_hook_late_seconds",
            "How old the oldest notice was that was sent last",
            "gauge",
            counters.late_s,
            of,
        )
