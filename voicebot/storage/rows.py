"""Between facts and records on one side and rows on the other; no database in sight."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import RowMapping, null

from voicebot.analytics.search import indexed
from voicebot.events import (
    ActionRan,
    CallStarted,
    DeflectionReached,
    MatterNoted,
    QuestionUnanswered,
    QueueNoted,
    TurnFinished,
    TurnMasked,
    TurnResult,
)
from voicebot.sessions.numbers import number_of
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import CallId, Heard, Language, Matter, Mode, Outcome


def call_row(event: CallStarted) -> dict[str, Any]:
    """The row of `schema.calls` with which a call begins."""
    return {
        "id": event.call_id,
        "transport": event.transport,
        "caller": event.caller,
        "callee": event.callee,
        "flow": event.flow,
        "language": event.language,
        "started_at": event.at,
        "reason": "",
        "direction": event.direction,
        "headers": dict(event.headers) or null(),
        "version": event.version or None,
        "number": number_of(event.direction, event.caller, event.callee) or None,
    }


def matter_values(event: MatterNoted) -> dict[str, Any]:
    """What a noted matter changes in the row of its call."""
    matter = event.matter
    return {
        "matter": matter.about if matter else None,
        "matter_details": (dict(matter.details) if matter else None) or null(),
        "matter_open": matter.open if matter else None,
        "customer": event.customer or None,
    }


def queue_values(event: QueueNoted) -> dict[str, Any]:
    """What a call's way through the queues changes in its row."""
    waited = {} if event.waited_s is None else {"waited_s": event.waited_s}
    return waited | {
        "queue": event.queue or None,
        "agent": event.agent or None,
        "handled_s": event.handled_s if event.agent else None,
        "wrapped_s": event.wrapped_s if event.agent else None,
        "called_back": event.called_back,
    }


def matter_of(row: RowMapping) -> Matter | None:
    """What a call was about, from its row."""
    if row["matter"] is None:
        return None
    return Matter(row["matter"], row["matter_details"] or {}, bool(row["matter_open"]))


def turn_row(event: TurnFinished) -> dict[str, Any]:
    """The row of `schema.turns` for a finished turn."""
    heard = event.heard
    return {
        "call_id": event.call_id,
        "number": event.index,
        "at": event.at,
        "step": event.step,
        "prompt": event.prompt,
        "result": event.result.value,
        "heard_mode": heard.mode.value if heard else None,
        "heard_text": heard.text if heard else None,
        # Semantics of JSON null (a grammar may say so) is not the same as nothing heard.
        "heard_semantics": heard.semantics if heard else null(),
        "heard_confidence": heard.confidence if heard else None,
        "heard_grammar": heard.grammar if heard else None,
        "latency_ms": event.latency_ms,
        "barged_in": event.barged_in,
        "said_at": event.said_at,
        "heard_from": event.heard_from,
        "heard_until": event.heard_until,
        "channel": event.channel or None,
    }


def masked_values(event: TurnMasked) -> dict[str, Any]:
    """What changes in the row of a turn that is reworded."""
    heard = event.heard
    return {
        "prompt": event.prompt,
        "heard_text": heard.text if heard else None,
        "heard_semantics": heard.semantics if heard else null(),
    }


def words_row(event: TurnFinished | TurnMasked) -> dict[str, Any]:
    """The row of `schema.turn_words` by which a turn is found."""
    return {
        "call_id": event.call_id,
        "number": event.index,
        "heard": indexed(event.heard.text) if event.heard else "",
        "said": indexed(event.prompt),
    }


def gap_row(event: QuestionUnanswered) -> dict[str, Any]:
    """The row of `schema.knowledge_gaps` for a question that nothing answered."""
    return {
        "call_id": event.call_id,
        "at": event.at,
        "language": event.language,
        "text": event.text,
        "nearest": event.nearest or None,
        "confidence": event.confidence,
    }


def action_row(event: ActionRan) -> dict[str, Any]:
    """The row of `schema.action_runs` for a run."""
    return {
        "call_id": event.call_id,
        "at": event.at,
        "step": event.step,
        "action": event.action,
        "result": event.result.value,
        "ms": event.ms,
    }


def deflection_row(event: DeflectionReached) -> dict[str, Any]:
    """The row of `schema.deflections` for a stage."""
    return {
        "call_id": event.call_id,
        "intent": event.intent[:128],
        "stage": event.stage.value,
        "at": event.at,
    }


def call_record(row: RowMapping, turns: Iterable[RowMapping]) -> CallRecord:
    """Read a call back; ``turns`` are its own, in order."""
    return CallRecord(
        id=CallId(row["id"]),
        transport=row["transport"],
        caller=row["caller"],
        callee=row["callee"],
        flow=row["flow"],
        language=Language(row["language"]),
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        reason=row["reason"],
        turns=tuple(_turn_record(turn) for turn in turns),
        recording=row["recording"],
        direction=row["direction"],
        answered_by=row["answered_by"] or "",
        headers=row["headers"] or {},
        version=row["version"] or "",
        matter=matter_of(row),
        customer=row["customer"] or "",
    )


def _turn_record(row: RowMapping) -> TurnRecord:
    return TurnRecord(
        index=row["number"],
        at=row["at"],
        step=row["step"],
        prompt=row["prompt"],
        result=TurnResult(row["result"]),
        heard=_heard(row),
        latency_ms=row["latency_ms"],
        barged_in=row["barged_in"],
        said_at=row["said_at"],
        heard_from=row["heard_from"],
        heard_until=row["heard_until"],
        channel=row["channel"] or "",
    )


def _heard(row: RowMapping) -> Heard | None:
    if row["heard_mode"] is None:
        return None
    return Heard(
        text=row["heard_text"],
        semantics=row["heard_semantics"],
        confidence=row["heard_confidence"],
        mode=Mode(row["heard_mode"]),
        grammar=row["heard_grammar"],
    )
