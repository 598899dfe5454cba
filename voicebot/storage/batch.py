"""Facts of calls as few statements: the rows of a table at once, one change for each call.

A database is asked once for many rows, not once for each fact: that is most of what a fact costs.
Rows come before changes. Facts of one kind keep their order, and of a call's changes the later
counts, so that it all ends as if the facts had been written one after the other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Executable, Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.events import (
    ActionRan,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallRecorded,
    CallStarted,
    DeflectionReached,
    MatterNoted,
    QuestionMasked,
    QuestionUnanswered,
    QueueNoted,
    TurnFinished,
    TurnMasked,
)
from voicebot.storage.rows import (
    action_row,
    call_row,
    deflection_row,
    gap_row,
    masked_values,
    matter_values,
    queue_values,
    turn_row,
    words_row,
)
from voicebot.storage.schema import (
    action_runs,
    calls,
    deflections,
    knowledge_gaps,
    turn_words,
    turns,
)
from voicebot.types import CallId

Insert: TypeAlias = Callable[[Table], sqlite.Insert] | Callable[[Table], postgresql.Insert]
_Rows: TypeAlias = list[dict[str, Any]]


async def write(connection: AsyncConnection, facts: Sequence[CallEvent], insert: Insert) -> int:
    """Write ``facts`` in the connection's transaction; how many changed a call that is not known.

    Each may be written twice with the same end: a commit whose answer was lost is tried again.
    """
    for table, rows in _rows(facts).items():
        # Whatever is there already came from the same fact.
        await connection.execute(insert(table).on_conflict_do_nothing(), rows)
    changes = _changes(facts)
    orphans = await _unknown(connection, facts, changes)
    for columns, rows in _by_columns(changes).items():
        values = {name: bindparam(f"new_{name}", type_=calls.c[name].type) for name in columns}
        change = update(calls).where(calls.c.id == bindparam("call")).values(values)
        await connection.execute(change, rows)
    for statement in _rewordings(facts):
        await connection.execute(statement)
    words = _words(facts)
    if words:
        await connection.execute(insert(turn_words).on_conflict_do_nothing(), words)
    return orphans


def _rows(facts: Sequence[CallEvent]) -> Mapping[Table, _Rows]:
    """New rows; those of calls come first, for the others refer to them."""
    found: dict[Table, _Rows] = {
        calls: [], turns: [], knowledge_gaps: [], action_runs: [], deflections: []
    }  # fmt: skip
    for fact in facts:
        match fact:
            case CallStarted():
                found[calls].append(call_row(fact))
            case TurnFinished():
                found[turns].append(turn_row(fact))
            case QuestionUnanswered():
                found[knowledge_gaps].append(gap_row(fact))
            case ActionRan():
                found[action_runs].append(action_row(fact))
            case DeflectionReached():
                found[deflections].append(deflection_row(fact))
    return {table: rows for table, rows in found.items() if rows}


def _changed(fact: CallEvent) -> Mapping[str, Any]:
    """What a fact changes in the row of its call; empty for one that is no change."""
    match fact:
        case CallAnswered():
            return {"answered_at": fact.at, "answered_by": fact.answered_by or None}
        case CallRecorded():
            return {"recording": fact.recording}
        case MatterNoted():
            return matter_values(fact)
        case QueueNoted():
            return queue_values(fact)
        case CallEnded():
            return {"ended_at": fact.at, "outcome": fact.outcome.value, "reason": fact.reason}
    return {}


def _changes(facts: Sequence[CallEvent]) -> Mapping[CallId, dict[str, Any]]:
    changes: defaultdict[CallId, dict[str, Any]] = defaultdict(dict)
    for fact in facts:
        if changed := _changed(fact):
            changes[fact.call_id].update(changed)
    return changes


async def _unknown(
    connection: AsyncConnection, facts: Sequence[CallEvent], changes: Mapping[CallId, object]
) -> int:
    """How many facts change a call that nobody has begun."""
    begun = {fact.call_id for fact in facts if isinstance(fact, CallStarted)}
    asked = changes.keys() - begun
    if not asked:
        return 0
    wanted = select(calls.c.id).where(calls.c.id.in_(asked))
    unknown = asked - set((await connection.execute(wanted)).scalars())
    many = Counter(fact.call_id for fact in facts if _changed(fact))
    return sum(many[call] for call in unknown)


def _by_columns(changes: Mapping[CallId, Mapping[str, Any]]) -> Mapping[tuple[str, ...], _Rows]:
    """The changes as parameters, together where the same columns change."""
    found: defaultdict[tuple[str, ...], _Rows] = defaultdict(list)
    for call, values in changes.items():
        row = {f"new_{name}": value for name, value in values.items()}
        found[tuple(sorted(values))].append({"call": call, **row})
    return found


def _rewordings(facts: Sequence[CallEvent]) -> Iterator[Executable]:
    for fact in facts:
        match fact:
            case TurnMasked():
                of_turn = turns.c.call_id == fact.call_id, turns.c.number == fact.index
                yield update(turns).where(*of_turn).values(masked_values(fact))
            case QuestionMasked():
                asked = knowledge_gaps.c.call_id == fact.call_id, knowledge_gaps.c.at == fact.at
                yield update(knowledge_gaps).where(*asked).values(text=fact.text)


def _words(facts: Sequence[CallEvent]) -> _Rows:
    """By which turns are found; of one that is reworded here the last words count."""
    words = {
        (fact.call_id, fact.index): words_row(fact)
        for fact in facts
        if isinstance(fact, TurnFinished | TurnMasked)
    }
    return list(words.values())
