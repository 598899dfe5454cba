"""The classic formulas of queues: how long callers wait for so many agents.

Erlang C (A. K. Erlang, 1917): random arrivals, exponential handling times, endless patience.
Erlang A (C. Palm, 1946; Garnett, Mandelbaum and Reiman, 'Designing a Call Center with Impatient
Customers', MSOM 4, 2002): patience is exponential too, and whoever loses it is gone. Handling time
includes the work after a call. All times are seconds, arrivals are per second; ``load`` is in
Erlang, arrivals times handling time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_NEGLIGIBLE = 1e-15
"""States of a queue less likely than this are left out of sums."""


def erlang_b(agents: int, load: float) -> float:
    """The share of calls that find every agent busy where nobody waits."""
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


@dataclass(frozen=True, slots=True)
class ErlangC:
    """A queue whose callers wait for ever. ``load`` < ``agents``, else the line grows for ever and
    every figure says so (service level 0, wait infinite)."""

    arrivals_per_s: float
    handling_s: float
    agents: int

    @property
    def load(self) -> float:
        return self.arrivals_per_s * self.handling_s

    @property
    def occupancy(self) -> float:
        """The share of their time that agents are busy."""
        return min(1.0, self.load / self.agents)

    @property
    def waiting(self) -> float:
        """The share of callers who wait at all."""
        if self.load >= self.agents:
            return 1.0
        blocked = erlang_b(self.agents, self.load)
        return blocked / (1.0 - self.occupancy * (1.0 - blocked))

    @property
    def mean_wait_s(self) -> float:
        """The average speed of answer."""
        if self.load >= self.agents:
            return math.inf
        return self.waiting * self.handling_s / (self.agents - self.load)

    @property
    def abandoned(self) -> float:
        return 0.0

    def service_level(self, within_s: float) -> float:
        """The share of callers who are answered within ``within_s``."""
        if self.load >= self.agents:
            return 0.0
        rate = (self.agents - self.load) / self.handling_s
        return 1.0 - self.waiting * math.exp(-rate * within_s)


@dataclass(frozen=True, slots=True)
class ErlangA:
    """A queue whose callers lose patience after ``patience_s`` on average. Always stable."""

    arrivals_per_s: float
    handling_s: float
    agents: int
    patience_s: float

    @property
    def occupancy(self) -> float:
        return self.arrivals_per_s * self.handling_s * (1.0 - self.abandoned) / self.agents

    @property
    def waiting(self) -> float:
        """The share of callers who do not find an agent at once."""
        return sum(self._ahead())

    @property
    def abandoned(self) -> float:
        """The share of callers who leave before they are answered."""
        queued = sum(ahead * share for ahead, share in enumerate(self._ahead()))
        return queued / (self.arrivals_per_s * self.patience_s)

    @property
    def mean_wait_s(self) -> float:
        """The average speed of answer, of those who are answered."""
        rate, leaving = self.agents / self.handling_s, 1.0 / self.patience_s
        ratio = rate / leaving
        waited = passed = 0.0
        for ahead, share in enumerate(self._ahead()):
            # Given who is ahead, the wait is a sum of exponentials with the rates n mu + i theta;
            # weighed with the patience to bear it, every rate is larger by theta.
            passed += 1.0 / (rate + (ahead + 1) * leaving)
            waited += share * ratio / (ratio + ahead + 1) * passed
        return waited / (1.0 - self.abandoned)

    def service_level(self, within_s: float) -> float:
        """The share of all callers who are answered within ``within_s``."""
        ratio = self.agents * self.patience_s / self.handling_s
        past = -math.expm1(-within_s / self.patience_s)
        served = 1.0 - self.waiting
        # 1 - exp(-theta V) of the wait V is Beta(ahead + 1, ratio); with the patience to bear it
        # the second parameter is larger by one. The incomplete Beta is summed as it goes.
        beta = -math.expm1(-(ratio + 1.0) * within_s / self.patience_s)
        term = math.exp(-(ratio + 1.0) * within_s / self.patience_s)
        for ahead, share in enumerate(self._ahead()):
            served += share * ratio / (ratio + ahead + 1) * max(0.0, beta)
            term *= past * (ratio + ahead + 1) / (ahead + 1)
            beta -= term
        return served

    def _ahead(self) -> list[float]:
        """The chance that a caller waits and finds 0, 1, 2, … waiting."""
        load = self.arrivals_per_s * self.handling_s
        blocked = erlang_b(self.agents, load)
        if blocked == 0.0:
            return [0.0]
        # Relative to the state 'all agents busy, nobody waits'; those with agents free sum up to
        # (1 - B) / B of it.
        rate, leaving = self.agents / self.handling_s, 1.0 / self.patience_s
        shares, state, ahead = [1.0], 1.0, 0
        while state > _NEGLIGIBLE or self.arrivals_per_s > rate + (ahead + 1) * leaving:
            ahead += 1
            state *= self.arrivals_per_s / (rate + ahead * leaving)
            shares.append(state)
        whole = (1.0 - blocked) / blocked + sum(shares)
        return [share / whole for share in shares]
