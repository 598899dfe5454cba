"""Figures of the application that changes while the server runs."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.live.reload import ReloadCounters
from voicebot.web.metrics import Figure


def reload_figures(version: str, counters: ReloadCounters) -> Iterator[Figure]:
    yield Figure(
        "voicebot_application", "The version that new calls get", "gauge", 1, {"version": version}
    )
    yield Figure(
        "voicebot_calls_on_earlier_versions", "Calls that began before the last change", "gauge",
        counters.behind,
    )  # fmt: skip
    for name, help_, value in (
        ("changes", "Saved files that took effect", counters.changed),
        ("changes_refused", "Saved files that could not be used", counters.refused),
    ):
        yield Figure(f"voicebot_application_{name}_total", help_, "counter", value)
