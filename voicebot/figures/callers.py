"""Figures of looking callers up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from voicebot.web.metrics import Figure


def caller_figures(counts: Mapping[tuple[str, str], int]) -> Iterator[Figure]:
    for what in ("history", "customer"):
        for result in ("done", "late", "failed"):
            yield Figure(
                "voicebot_caller_lookups_total",
                "Look-ups of who calls, by what was looked up and what came of it",
                "counter",
                counts.get((what, result), 0),
                {"what": what, "result": result},
            )
