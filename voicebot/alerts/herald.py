"""Decides what is told, and when, so that nobody is flooded. A state machine on passed-in time.

It compares the alerts that stand with those that were told of, and not one change after another: an
alert that comes and goes while a group is quiet is never told, and what still stands when a mute
ends is told then. Changes are gathered for `Pace.gather_s` first, so that what one cause sets off
is one notice; a group that was told of is quiet for `Pace.quiet_s`; and there are at most
`Pace.most_per_hour` notices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from voicebot.alerts.model import Alert, AlertKey, Mute

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast notices may follow each other."""

    gather_s: float = 10.0
    quiet_s: float = 300.0
    most_per_hour: int = 12


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told at once: alerts ``raised`` since the last time and those ``cleared``; so many
    that are not muted stand now."""

    at: float
    raised: tuple[Alert, ...]
    cleared: tuple[Alert, ...]
    standing: int


class Herald:
    """``told`` are the alerts that those who listen believe to stand, ``last`` when each group was
    told of last, ``sent`` when notices went out in the last hour."""

    def __init__(
        self,
        pace: Pace,
        told: Iterable[Alert] = (),
        last: Iterable[tuple[str, float]] = (),
        sent: Iterable[float] = (),
    ) -> None:
        self._pace = pace
        self._told = {each.key: each for each in told}
        self._last = dict(last)
        self._sent = list(sent)
        self._waiting: dict[str, float] = {}
        """The groups with something to tell, and since when."""

    @property
    def told(self) -> tuple[Alert, ...]:
        return tuple(self._told.values())

    @property
    def last(self) -> tuple[tuple[str, float], ...]:
        return tuple(self._last.items())

    @property
    def sent(self) -> tuple[float, ...]:
        return tuple(self._sent)

    def due(self, standing: Sequence[Alert], mutes: Sequence[Mute], now: float) -> Notice | None:
        """What is to be told at ``now``, which counts as told then; None for nothing."""
        silent = {each.key for each in standing if is_muted(each.key, mutes, now)}
        here = {each.key for each in standing}
        self._forget_muted(here, mutes, now)
        raised = [each for each in standing if each.key not in self._told | dict.fromkeys(silent)]
        cleared = [each for key, each in self._told.items() if key not in here]
        groups = {each.group for each in chain(raised, cleared)}
        self._wait(groups, now)
        ready = {group for group in groups if self._is_ready(group, now)}
        if not ready or not self._has_room(now):
            return None
        notice = Notice(
            now,
            tuple(each for each in raised if each.group in ready),
            tuple(each for each in cleared if each.group in ready),
            len(here - silent),
        )
        self._tell(notice, ready)
        return notice

    def _forget_muted(self, here: set[AlertKey], mutes: Sequence[Mute], now: float) -> None:
        """What clears while it is muted does so in silence."""
        for key in [key for key in self._told if key not in here and is_muted(key, mutes, now)]:
            del self._told[key]

    def _wait(self, groups: set[str], now: float) -> None:
        self._waiting = {group: self._waiting.get(group, now) for group in groups}

    def _is_ready(self, group: str, now: float) -> bool:
        gathered = now >= self._waiting[group] + self._pace.gather_s
        return gathered and now >= self._last.get(group, -HOUR_S) + self._pace.quiet_s

    def _has_room(self, now: float) -> bool:
        self._sent = [at for at in self._sent if at > now - HOUR_S]
        return len(self._sent) < self._pace.most_per_hour

    def _tell(self, notice: Notice, groups: set[str]) -> None:
        for alert in notice.cleared:
            del self._told[alert.key]
        self._told |= {alert.key: alert for alert in notice.raised}
        quiet_since = notice.at - self._pace.quiet_s
        self._last = {group: at for group, at in self._last.items() if at > quiet_since}
        for group in groups:
            self._last[group] = notice.at
            del self._waiting[group]
        self._sent.append(notice.at)


def is_muted(key: AlertKey, mutes: Iterable[Mute], now: float) -> bool:
    return muted_until(key, mutes, now) is not None


def muted_until(key: AlertKey, mutes: Iterable[Mute], now: float) -> float | None:
    """When the alert is told of again; None where it is now."""
    ends = [mute.until for mute in mutes if mute.covers(key) and now < mute.until]
    return max(ends, default=None)
