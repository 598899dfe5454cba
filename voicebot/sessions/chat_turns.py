"""What was written in a conversation as turns of its contact: a prompt, and how it was answered.

Each message is read when it comes, and how stands beside its line (`chat_reading`). Once the
conversation is over its lines become the same facts that a call tells of its turns, so that the
funnel, misunderstood words, search and the page of a contact need to know of one thing only.

Left out on purpose: lines that were spoken. The call that they were said in has told of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Final

from voicebot.errors import UsageError
from voicebot.events import TurnFinished, TurnResult
from voicebot.flows.state import FlowState
from voicebot.sessions.chat_records import ChatLine, ChatRecord, Who
from voicebot.types import CallId

VOICE: Final = "voice"
"""The channel of a line that was spoken."""


class Numbers(IntEnum):
    """From where on the turns of a conversation are numbered, so that they stand beside those of a
    call of the same contact: before them (a conversation has at most a thousand lines), or after
    all that a call can have."""

    ALONE = 0
    BEFORE_A_CALL = -1001
    AFTER_A_CALL = 100_000


def turns_of(
    record: ChatRecord, lines: Sequence[ChatLine], contact: CallId, numbers: Numbers
) -> Iterator[TurnFinished]:
    """The turns of a conversation, as turns of ``contact``."""
    prompts: list[ChatLine] = []
    turn: TurnFinished | None = None
    for line in lines:
        if line.channel == VOICE:
            continue
        if line.who is Who.BOT:
            if line.reading is not None and turn is not None:
                turn = _missed(turn)
            prompts.append(line)
            continue
        if turn is not None:
            yield turn
        turn = _turn(line, prompts, contact, numbers) if line.reading is not None else None
        prompts = []
    if turn is not None:
        yield turn
    if prompts:
        yield TurnFinished(
            contact,
            prompts[-1].at,
            numbers + prompts[-1].cursor,
            _last_step(record),
            _words(prompts),
            TurnResult.SAID,
            None,
            latency_ms=None,
            said_at=prompts[0].at,
            channel=prompts[-1].channel,
        )


def _turn(
    line: ChatLine, prompts: Sequence[ChatLine], contact: CallId, numbers: Numbers
) -> TurnFinished:
    reading = line.reading
    assert reading is not None
    return TurnFinished(
        contact,
        line.at,
        numbers + line.cursor,
        reading.step,
        _words(prompts),
        reading.result,
        replace(reading.heard, text=line.text),
        latency_ms=None,
        said_at=prompts[0].at if prompts else None,
        channel=line.channel,
    )


def _missed(turn: TurnFinished) -> TurnFinished:
    heard = None if turn.heard is None else replace(turn.heard, semantics=None)
    return replace(turn, result=TurnResult.NOMATCH, heard=heard)


def _words(prompts: Sequence[ChatLine]) -> str:
    return " ".join(line.text for line in prompts)


def _last_step(record: ChatRecord) -> str:
    try:
        return FlowState.from_json(record.state).step
    except UsageError:
        return ""
