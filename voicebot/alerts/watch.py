"""Judges readings by rules: what has been wrong for long enough is raised, and stays so until it is
clearly better. A state machine on passed-in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto

from voicebot.alerts.model import Alert, AlertKey, Kind, Reading, Readings, Rule


class _Verdict(Enum):
    BAD = auto()
    BETWEEN = auto()
    GOOD = auto()


class AlertWatch:
    """The alerts of ``rules``; ``standing`` are those from before a restart."""

    def __init__(self, rules: Sequence[Rule], standing: Iterable[Alert] = ()) -> None:
        self._bad_since: dict[AlertKey, float] = {}
        self._standing = {each.key: each for each in standing}
        self.change(rules)

    def change(self, rules: Sequence[Rule]) -> None:
        """Judge by other rules from now on. An alert that no rule looks at any more goes."""
        self._rules = tuple(rules)
        queues = {rule.name: rule.queue for rule in self._rules}
        for name, queue in tuple(self._standing):
            if queues.get(name) not in ("", queue):
                del self._standing[name, queue]
        self._bad_since.clear()

    @property
    def standing(self) -> tuple[Alert, ...]:
        """Every alert, the longest standing first."""
        return tuple(sorted(self._standing.values(), key=lambda each: each.raised_at))

    def observe(self, readings: Readings, now: float) -> None:
        """Take the figures as they are at ``now``. An alert of a queue that is there no longer
        goes; of what is not known now everything stays as it was."""
        for rule in self._rules:
            known = {queue: each for (name, queue), each in readings.items() if name == rule.figure}
            for _, queue in [key for key in self._standing if key[0] == rule.name]:
                if known and queue not in known:
                    del self._standing[rule.name, queue]
            for queue, reading in known.items():
                if rule.queue in ("", queue):
                    self._judge(rule, queue, reading, now)

    def _judge(self, rule: Rule, queue: str, reading: Reading, now: float) -> None:
        key = (rule.name, queue)
        verdict = _verdict(rule, reading)
        alert = self._standing.get(key)
        if verdict is _Verdict.GOOD or (alert is None and verdict is _Verdict.BETWEEN):
            self._bad_since.pop(key, None)
            self._standing.pop(key, None)
            return
        said = say(rule, queue, reading)
        if alert is not None:
            self._standing[key] = Alert(
                rule.name, queue, alert.group, said, alert.since, alert.raised_at
            )
            return
        since = self._bad_since.setdefault(key, now)
        if now >= since + rule.for_s:
            del self._bad_since[key]
            self._standing[key] = Alert(rule.name, queue, _group(rule, queue), said, since, now)


def _group(rule: Rule, queue: str) -> str:
    """What goes wrong in one queue has one cause, unless the rule says otherwise."""
    return rule.group or queue or rule.name


def _verdict(rule: Rule, reading: Reading) -> _Verdict:
    value = reading.value
    if value is None or reading.of < rule.least:
        return _Verdict.GOOD
    if rule.above is not None:
        return _compare(value, rule.above, rule.clear)
    if rule.below is not None:
        return _compare(-value, -rule.below, -rule.clear)
    if reading.usual is None:
        return _Verdict.GOOD
    assert rule.unusual is not None, "a rule has a limit"
    distance = (value - reading.usual.median) / reading.usual.spread
    signed = {"more": distance, "less": -distance, "either": abs(distance)}[rule.direction]
    return _compare(signed, rule.unusual, rule.clear)


def _compare(value: float, limit: float, clear: float) -> _Verdict:
    if value > limit:
        return _Verdict.BAD
    return _Verdict.GOOD if value <= clear else _Verdict.BETWEEN


def say(rule: Rule, queue: str, reading: Reading) -> str:
    """'support: callers waiting 12, limit 10'."""
    what, value = rule.what, reading.value
    assert value is not None, "what is said of was judged"
    where = f"{queue}: " if queue else ""
    now = f"{where}{what.words} {_number(value, what.kind)}"
    if rule.unusual is None:
        limit = rule.above if rule.above is not None else rule.below
        assert limit is not None, "a rule has a limit"
        return f"{now}, limit {_number(limit, what.kind)}"
    assert reading.usual is not None, "what is unusual was compared"
    return f"{now}, usually about {_number(reading.usual.median, what.kind)}"


def _number(value: float, kind: Kind) -> str:
    match kind:
        case Kind.SHARE:
            return f"{100 * value:.0f}%"
        case Kind.SECONDS:
            minutes, rest = divmod(round(value), 60)
            return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"
        case Kind.COUNT:
            return f"{value:.0f}"
