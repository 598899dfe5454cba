"""Where callers go in a flow, and where they leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FunnelEdge:
    """A way from a step that ``count`` calls took; ``why`` and ``label`` as `flows.graph` has
    them."""

    target: str
    why: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step to which calls came ``arrived`` times. ``left`` callers hung up there unserved, or
    fell silent for good."""

    flow: str
    step: str
    file: str
    line: int
    arrived: int
    left: int
    ways: Sequence[FunnelEdge]

    @property
    def drop_off(self) -> float:
        """Of those who came, the share that left, 0 to 1."""
        return self.left / self.arrived
