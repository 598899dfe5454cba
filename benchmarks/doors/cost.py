"""The figures of one door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """``percent`` of a core for one of ``calls`` calls; ``delays_ms`` of single bursts, sorted."""

    door: str
    calls: int
    percent: float
    goal: float
    delays_ms: tuple[float, ...] = ()
    goal_ms: float = 60.0

    @property
    def per_core(self) -> float:
        """Calls that one core carries."""
        return 100 / self.percent if self.percent else 0.0

    def delay_ms(self, share: float) -> float | None:
        """A percentile of the delay, ``share`` 0..1."""
        if not self.delays_ms:
            return None
        return self.delays_ms[min(len(self.delays_ms) - 1, int(share * len(self.delays_ms)))]


def table(costs: Sequence[Cost]) -> str:
    """The costs for people."""
    lines = [
        f"{'door':<16}{'calls':>6}{'% of a core':>13}{'goal':>7}{'calls a core':>14}"
        f"{'delay p50':>11}{'p95':>9}{'goal':>8}"
    ]
    for cost in costs:
        p50, p95 = (_ms(cost.delay_ms(share)) for share in (0.5, 0.95))
        lines.append(
            f"{cost.door:<16}{cost.calls:>6}{cost.percent:>13.2f}{cost.goal:>7.1f}"
            f"{cost.per_core:>14.0f}{p50:>11}{p95:>9}{cost.goal_ms:>5.0f} ms"
        )
    return "\n".join(lines)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"
