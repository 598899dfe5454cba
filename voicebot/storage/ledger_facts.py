"""One row of the ledger for each call that has ended, as a SELECT: no database in sight.

`facts` says what is counted of a call (`analytics.totals` defines the names). Whether a call is a
repeat is looked up among the calls of the same customer or number through their indexes, so that it
costs the same however many calls are stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Executable,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from voicebot.analytics.totals import DAY_S, HOUR_S, Fact, Rules
from voicebot.storage.schema import CUTS, DIMENSIONS, SUMS, calls, ledger_hours
from voicebot.types import CallId, Outcome

LONGEST_REPEAT_DAYS: Final = 31
COUNTED: Final = ("agent", "all")


class HourOf(GenericFunction[int]):
    """The hour since the epoch of a time in seconds."""

    type = Integer()
    inherit_cache = True


@compiles(HourOf)
def _floored(element: HourOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(FLOOR({compiler.process(element.clauses, **options)} / {HOUR_S}) AS INTEGER)"


@compiles(HourOf, "sqlite")
def _cut(element: HourOf, compiler: SQLCompiler, **options: Any) -> str:
    # SQLite may come without FLOOR; times are positive, so cutting off does the same.
    return f"CAST({compiler.process(element.clauses, **options)} / {HOUR_S} AS INTEGER)"


def dimension(name: str) -> ColumnElement[str]:
    """The value of a dimension of the split, of a call; empty where the call has none."""
    return func.coalesce(_column(name), "")


def with_values(where: Iterable[tuple[str, str]]) -> list[ColumnElement[bool]]:
    """Calls that have these values of the split; an empty one chooses calls without."""
    return [_is(_column(name), value) for name, value in where]


def _column(name: str) -> ColumnElement[Any]:
    return calls.c[{"door": "transport", "intent": "matter"}.get(name, name)]


def _is(column: ColumnElement[Any], value: str) -> ColumnElement[bool]:
    """Without functions: of what these give, PostgreSQL's planner knows no frequencies, takes every
    value for a rare one and reads the whole table for the newest rows of a frequent one."""
    return column == value if value else or_(column.is_(None), column == "")


def facts(rules: Rules) -> dict[str, ColumnElement[Any]]:
    """What counts of a row of ``calls``: 0 or 1, or seconds, by the names of `schema.SUMS`."""
    row = calls.c
    duration = row.ended_at - row.answered_at
    taken = row.answered_at.is_not(None)
    known = and_(taken, row.matter.is_not(None), or_(row.number.is_not(None), row.customer != ""))
    repeat, repeated = _repeat(rules), _repeated(rules)
    waits = row.waited_s.is_not(None)
    called_back = and_(row.agent.is_not(None), row.called_back.is_(True))
    answered = and_(row.agent.is_not(None), waits, row.called_back.is_not(True))
    counted: dict[str, ColumnElement[bool]] = {
        "short_in_flow": and_(
            row.outcome == Outcome.ABANDONED_IN_FLOW.value, taken, duration < rules.short_s
        ),
        "short_in_queue": and_(
            row.outcome == Outcome.ABANDONED_IN_QUEUE.value, waits, row.waited_s < rules.short_s
        ),
        "queued": waits,
        "answered": answered,
        "called_back": called_back,
        "within": and_(answered, row.waited_s <= rules.target_s),
        "known": known,
        "repeats": and_(known, repeat),
        "first": and_(known, ~repeat),
        "unrepeated": and_(known, ~repeat, ~repeated),
        "undone": and_(row.outcome == Outcome.SELF_SERVED.value, known, repeated),
    }
    found: dict[str, ColumnElement[Any]] = {"contacts": literal(1, Integer, literal_execute=True)}
    found |= {each.value: _one(row.outcome == each.value) for each in Outcome}
    found |= {name: _one(condition) for name, condition in counted.items()}
    found |= {
        "duration_s": func.coalesce(duration, 0.0),
        "waited_s": case((answered, row.waited_s), else_=0.0),
        "handled_s": func.coalesce(row.handled_s, 0.0),
        "wrapped_s": func.coalesce(row.wrapped_s, 0.0),
    }
    return {name: found[name] for name in SUMS}


def has(fact: Fact, rules: Rules, now: float) -> ColumnElement[bool]:
    """Whether ``fact`` counts of an ended call, as of ``now``."""
    settled = HourOf(calls.c.started_at) < rules.settled_before(now)
    counted = facts(rules)
    match fact:
        case Fact.SETTLED:
            return and_(counted["first"] == 1, settled)
        case Fact.RESOLVED:
            return and_(counted["unrepeated"] == 1, settled)
        case _:
            return counted[fact.value] == 1


def _one(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _repeat(rules: Rules) -> ColumnElement[bool]:
    """Whether the same person had the same matter in the days before."""
    other = calls.alias("before")
    window = and_(
        other.c.started_at < calls.c.started_at,
        other.c.started_at >= calls.c.started_at - float(rules.repeat_days * DAY_S),
    )
    return _same_matter(other, window)


def _repeated(rules: Rules) -> ColumnElement[bool]:
    """Whether the same person had the same matter in the days after."""
    other = calls.alias("after")
    window = and_(
        other.c.started_at > calls.c.started_at,
        other.c.started_at <= calls.c.started_at + float(rules.repeat_days * DAY_S),
    )
    return _same_matter(other, window)


def _same_matter(other: FromClause, window: ColumnElement[bool]) -> ColumnElement[bool]:
    also = and_(
        window,
        other.c.matter == calls.c.matter,
        other.c.answered_at.is_not(None),
        other.c.outcome.is_not(None),
    )
    # One for each index; a condition over both would use neither.
    return or_(
        exists(select(literal(1)).where(other.c.customer == calls.c.customer, also)),
        exists(select(literal(1)).where(other.c.number == calls.c.number, also)),
    )


def contacts(
    condition: ColumnElement[bool], rules: Rules, dimensions: Sequence[str]
) -> Select[tuple[Any, ...]]:
    """The rows of ended calls for which ``condition`` holds: hour, ``dimensions``, and facts."""
    columns: list[ColumnElement[Any]] = [HourOf(calls.c.started_at).label("hour")]
    columns += [dimension(name).label(name) for name in dimensions]
    columns += [fact.label(name) for name, fact in facts(rules).items()]
    ended = calls.c.outcome.is_not(None), calls.c.ended_at.is_not(None)
    return select(*columns).where(*ended, condition)


def fold_hours(cut: str, hours: Sequence[int], rules: Rules) -> Executable:
    """Write the sums of ``hours`` into a cut that holds none of them: counted from the calls, or
    added up from those of 'all'."""
    dimensions = CUTS[cut]
    rows: FromClause
    if cut in COUNTED:
        began = or_(*(within(hour * HOUR_S, (hour + 1) * HOUR_S) for hour in hours))
        rows = contacts(began, rules, dimensions).subquery()
    else:
        finest = and_(ledger_hours.c.cut == "all", ledger_hours.c.hour.in_(hours))
        rows = select(ledger_hours).where(finest).subquery()
    keys = [rows.c.hour, *(rows.c[name] for name in dimensions)]
    empty = [name for name in DIMENSIONS if name not in dimensions]
    # PostgreSQL sums integers into wider types, which fit back.
    sums = [cast(func.sum(rows.c[name]), ledger_hours.c[name].type) for name in SUMS]
    chosen = select(literal(cut), *keys, *(literal("") for _ in empty), *sums).group_by(*keys)
    return insert(ledger_hours).from_select(["cut", "hour", *dimensions, *empty, *SUMS], chosen)


def within(since: float, until: float) -> ColumnElement[bool]:
    """Calls that began in the interval; its end is not in it."""
    return and_(calls.c.started_at >= float(since), calls.c.started_at < float(until))


def hours_changed(call_ids: Sequence[CallId]) -> CompoundSelect[Any]:
    """The hours whose sums change when these calls do: their own, and those of calls before and
    after that repeat them or that they repeat, by any rules."""
    changed, other = calls.alias("changed"), calls.alias("other")
    window = float(LONGEST_REPEAT_DAYS * DAY_S)
    alike = and_(
        changed.c.id.in_(call_ids),
        other.c.matter == changed.c.matter,
        other.c.outcome.is_not(None),
        other.c.started_at >= changed.c.started_at - window,
        other.c.started_at <= changed.c.started_at + window,
    )
    hour = HourOf(other.c.started_at)
    return union(
        select(HourOf(calls.c.started_at)).where(calls.c.id.in_(call_ids)),
        select(hour).where(alike, other.c.customer == changed.c.customer),
        select(hour).where(alike, other.c.number == changed.c.number),
    )
