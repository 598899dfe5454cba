"""A picture of a small line, for tests of what shows it."""

from __future__ import annotations

from voicebot.alerts.model import AlertView
from voicebot.wall.model import (
    Activity,
    AgentOnWall,
    DayOnWall,
    QueueOnWall,
    RateOnWall,
    Stage,
    Wall,
)

NOW = 1_795_255_200.0
"""2026-11-21T10:00Z, a Saturday."""


def a_wall(at: float = NOW, waiting: int = 2, alerts: tuple[AlertView, ...] = ()) -> Wall:
    return Wall(
        at=at,
        stages={stage: number for number, stage in enumerate(Stage)},
        lines=6,
        most_lines=60,
        queues=(
            QueueOnWall("support", True, waiting, NOW - 65, 120, 90, 100, 0.75, 2, 0, 40, 3),
            QueueOnWall("returns", False, 0, None, None, None, None, None, 0, 0, 0, 0),
        ),
        agents=(
            AgentOnWall("anna", Activity.TALKING, NOW - 130, "", ("support",)),
            AgentOnWall("bert", Activity.PAUSED, NOW - 3700, "lunch", ("support", "returns")),
            AgentOnWall("carl", Activity.SIGNED_OUT, None, "", ("returns",)),
        ),
        day=DayOnWall(
            since=NOW - 36_000,
            read_at=NOW,
            contacts=120,
            contacts_last_week=101,
            containment=RateOnWall(0.62, 118, 0.58, 0.6),
            deflection=RateOnWall(0.31, 42, 0.35, 0.4),
        ),
        service_level_target=0.8,
        alerts=alerts,
    )
