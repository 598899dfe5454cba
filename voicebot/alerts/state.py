"""What outlives a restart of alerts, as plain data: those that stand, what was told, and mutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from voicebot.alerts.model import Alert, Mute
from voicebot.types import Json


@dataclass(frozen=True, slots=True)
class AlertState:
    """``last`` and ``sent`` as in `Herald`."""

    standing: tuple[Alert, ...] = ()
    told: tuple[Alert, ...] = ()
    last: tuple[tuple[str, float], ...] = ()
    sent: tuple[float, ...] = ()
    mutes: tuple[Mute, ...] = field(default=())

    def to_json(self) -> Json:
        return {
            "standing": [asdict(each) for each in self.standing],
            "told": [asdict(each) for each in self.told],
            "last": dict(self.last),
            "sent": list(self.sent),
            "mutes": [asdict(each) for each in self.mutes],
        }

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read what `to_json` gave. Raises KeyError or TypeError for anything else."""
        return cls(
            _alerts(data["standing"]),
            _alerts(data["told"]),
            tuple(data["last"].items()),
            tuple(data["sent"]),
            tuple(Mute(**each) for each in data["mutes"]),
        )


def _alerts(data: Sequence[Any]) -> tuple[Alert, ...]:
    return tuple(Alert(**each) for each in data)
