"""Figures of alerts, of their notices, and of the wall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from voicebot.alerts.model import AlertView
from voicebot.letters.letter import Channel
from voicebot.web.metrics import Figure


def alert_figures(
    alerts: Sequence[AlertView],
    counts: Mapping[tuple[Channel, str], int],
    channels: Sequence[Channel],
    viewers: int,
) -> Iterator[Figure]:
    """``counts`` are `Courier.counts`, of its ``channels``; ``viewers`` watch the wall."""
    muted = sum(each.muted_until is not None for each in alerts)
    for state, count in (("told", len(alerts) - muted), ("muted", muted)):
        yield Figure("voicebot_alerts", "Alerts that stand", "gauge", count, {"state": state})
    for channel in channels:
        for result in ("sent", "failed", "given_up"):
            yield Figure(
                "voicebot_alert_notices_total",
                "Notices of alerts by what came of a try",
                "counter",
                counts.get((channel, result), 0),
                {"channel": channel, "result": result},
            )
    yield Figure("voicebot_wall_viewers", "Pages that follow the wall", "gauge", viewers)
