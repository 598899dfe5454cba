"""The JSON of the API: what a call, its turns and what was heard look like from outside.

These shapes are a promise to those who read them; the models of `voicebot.sessions.records` may
change behind them. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from voicebot import types
from voicebot.events import TurnResult
from voicebot.sessions.records import CallRecord, TurnRecord


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Heard(_Model):
    """What was understood of what the caller said, keyed or typed."""

    text: str = Field(description="the words or keys", examples=["four two seven one"])
    semantics: JsonValue = Field(
        description="what the grammar makes of them", examples=[{"order": "4271"}]
    )
    confidence: float = Field(ge=0, le=1, description="1.0 for keys", examples=[0.93])
    mode: types.Mode = Field(description="how it was said")

    @classmethod
    def of(cls, heard: types.Heard) -> Self:
        return cls(
            text=heard.text,
            semantics=heard.semantics,
            confidence=heard.confidence,
            mode=heard.mode,
        )


class Turn(_Model):
    """The bot said something and heard something, or nothing of use."""

    number: int = Field(
        description="its place in the call, from 1; less than 0 for what was written before the "
        "call, above 100,000 for what was written after it"
    )
    at: datetime = Field(description="when the turn was over")
    step: str = Field(description="step of the flow", examples=["ask_order"])
    prompt: str = Field(description="what the bot said", examples=["What is your order number?"])
    result: TurnResult = Field(description="what came of it")
    heard: Heard | None = Field(description="null where nothing was understood")
    latency_ms: float | None = Field(
        description="from the last speech of the caller before this prompt to the first sound of "
        "the prompt; null where nobody had spoken before it",
        examples=[480.0],
    )
    barged_in: bool = Field(description="whether the caller interrupted the prompt")
    said_at: datetime | None = Field(description="when the prompt began to leave for the caller")
    heard_from: datetime | None = Field(
        description="first speech of the caller; null where they did not speak"
    )
    heard_until: datetime | None = Field(description="last speech of the caller")
    channel: str = Field(
        description="where it was written; empty for what was said in the call itself",
        examples=["web"],
    )

    @classmethod
    def of(cls, turn: TurnRecord) -> Self:
        return cls(
            number=turn.index,
            at=utc(turn.at),
            step=turn.step,
            prompt=turn.prompt,
            result=turn.result,
            heard=Heard.of(turn.heard) if turn.heard else None,
            latency_ms=turn.latency_ms,
            barged_in=turn.barged_in,
            said_at=_utc(turn.said_at),
            heard_from=_utc(turn.heard_from),
            heard_until=_utc(turn.heard_until),
            channel=turn.channel,
        )


class Matter(_Model):
    """What a call was about, as its flow said."""

    about: str = Field(examples=["return"])
    details: dict[str, JsonValue] = Field(
        description="values that belong to it", examples=[{"order": "1508"}]
    )
    open: bool = Field(description="whether the caller has not got what they came for yet")

    @classmethod
    def of(cls, matter: types.Matter) -> Self:
        return cls(about=matter.about, details=dict(matter.details), open=matter.open)


class Call(_Model):
    """One call, running or over."""

    id: str = Field(description="voicebot's own id of the call")
    transport: types.Transport = Field(description="the door it came through")
    caller: str = Field(description="number or name of the caller", examples=["+15550100"])
    callee: str = Field(description="what was called", examples=["shop"])
    flow: str = Field(description="the flow that answered", examples=["main"])
    language: str = Field(description="BCP 47 tag", examples=["en-US"])
    version: str = Field(
        description="version of the application's files that the call ran on",
        examples=["5f0c3a9b71d2"],
    )
    started_at: datetime
    answered_at: datetime | None = Field(description="null for a call that was refused")
    ended_at: datetime | None = Field(description="null while the call runs")
    outcome: types.Outcome | None = Field(description="null while the call runs")
    reason: str = Field(description="why it ended, for people", examples=["caller hung up"])
    direction: types.Direction = Field(description="outbound for calls that voicebot made")
    answered_by: str = Field(
        description="who took a call that voicebot made: person, machine or unknown; else empty"
    )
    headers: dict[str, str] = Field(
        description="what came with a SIP call: who asserted the caller, where it was diverted "
        "from, what was sent along",
        examples=[{"user-to-user": "order-17"}],
    )
    matter: Matter | None = Field(description="what it was about; null where no flow said so")
    customer: str = Field(
        description="the application's word for who called; empty where nobody knows",
        examples=["17"],
    )
    turns: list[Turn]
    recording: str | None = Field(
        description="where the sound of the call is once it has ended; null where it was not "
        "recorded",
        examples=["/api/calls/4f0c/recording"],
    )

    @classmethod
    def of(cls, call: CallRecord) -> Self:
        return cls(
            id=call.id,
            transport=call.transport,
            caller=call.caller,
            callee=call.callee,
            flow=call.flow,
            language=call.language,
            version=call.version,
            started_at=utc(call.started_at),
            answered_at=_utc(call.answered_at),
            ended_at=_utc(call.ended_at),
            outcome=call.outcome,
            reason=call.reason,
            direction=call.direction,
            answered_by=call.answered_by,
            headers=dict(call.headers),
            matter=Matter.of(call.matter) if call.matter else None,
            customer=call.customer,
            turns=[Turn.of(turn) for turn in call.turns],
            recording=f"/api/calls/{quote(call.id, safe='')}/recording" if call.recording else None,
        )


class CallList(_Model):
    """One page of calls, newest first."""

    calls: list[Call]
    next_cursor: str | None = Field(
        description="pass it as `cursor` for the next page; null on the last"
    )


class Problem(_Model):
    """Why a request was not served."""

    detail: str = Field(examples=["no call has this id"])


def utc(at: float) -> datetime:
    """``at`` (UTC epoch seconds) as a time that says its zone."""
    return datetime.fromtimestamp(at, UTC)


def _utc(at: float | None) -> datetime | None:
    return None if at is None else utc(at)
