"""Figures of the limits for strangers: by door and kind, never by address."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.telephony.guard import GuardSnapshot
from voicebot.web.metrics import Figure


def guard_figures(guard: GuardSnapshot) -> Iterator[Figure]:
    for (door, done), count in sorted(guard.counts.items()):
        yield Figure(
            "voicebot_strangers_total", "What was done to those who asked too much", "counter",
            count, {"door": door, "done": done},
        )  # fmt: skip
    for (door, failure), count in sorted(guard.failures.items()):
        yield Figure(
            "voicebot_failures_total", "Requests that count against their address", "counter",
            count, {"door": door, "kind": str(failure)},
        )  # fmt: skip
    yield Figure("voicebot_addresses", "Addresses that are remembered", "gauge", guard.addresses)
    yield Figure(
        "voicebot_addresses_shut_out", "Addresses that are shut out", "gauge", guard.shut_out
    )
