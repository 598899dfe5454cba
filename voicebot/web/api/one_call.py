"""``/api/calls/{id}`` and its waveform: all that is known of one call, as a page shows it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from voicebot.analytics.contacts import ContactLookup, LedgerContact
from voicebot.analytics.deflection import StagesLookup
from voicebot.analytics.timeline import CallTimes, Part, Stretch, TurnTimes, measured, told
from voicebot.desk.notes import Note, NoteRecords
from voicebot.errors import AudioError
from voicebot.events import DeflectionReached, DeflectionStage
from voicebot.sessions.records import CallArchive, CallRecord, TurnRecord
from voicebot.types import CallId
from voicebot.web.api.models import Call, Problem, utc
from voicebot.web.waveforms import Waveforms

_Id = Annotated[str, InPath(max_length=64)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StretchModel(_Model):
    """A stretch of the call, in seconds from its beginning."""

    part: Part
    begin_s: float
    end_s: float
    estimated: bool = Field(description="the records do not say it exactly")

    @classmethod
    def of(cls, stretch: Stretch) -> StretchModel:
        return cls(
            part=stretch.part,
            begin_s=round(stretch.begin_s, 3),
            end_s=round(stretch.end_s, 3),
            estimated=stretch.estimated,
        )


class Stage(_Model):
    """A stage on the way to text."""

    at: datetime
    stage: DeflectionStage
    intent: str

    @classmethod
    def of(cls, reached: DeflectionReached) -> Stage:
        return cls(at=utc(reached.at), stage=reached.stage, intent=reached.intent)


class CallNote(_Model):
    """What an agent wrote about the call."""

    at: datetime
    agent: str
    queue: str
    code: str = Field(description="how it ended, in the queue's words; empty: not said")
    text: str = Field(description="empty: nothing, or too old to be kept")

    @classmethod
    def of(cls, note: Note) -> CallNote:
        return cls(
            at=utc(note.at), agent=note.agent, queue=note.queue, code=note.code, text=note.text
        )


class WholeCall(Call):
    """A call with what the ledger counts of it, null while it runs."""

    queue: str = Field(description="the last one it waited in; empty: none")
    agent: str = Field(description="who took it; empty: nobody")
    waited_s: float | None
    handled_s: float | None = Field(description="time with the agent")
    wrapped_s: float | None = Field(description="the agent's work after it")
    called_back: bool = Field(description="whether the agent talked to them in a call of ours")
    repeat: bool | None = Field(
        description="whether the same person had called on the same matter in the days before"
    )
    resolved: bool | None = Field(
        description="whether nobody came back on the matter; null where nobody can tell, or not yet"
    )
    notes: list[CallNote] = Field(description="of the agents, the newest first")
    deflection: list[Stage]
    is_written: bool = Field(
        description="whether the contact goes on in text now; its turns so far are among `turns`"
    )
    timeline: list[StretchModel] = Field(
        description="who spoke when, as far as the records tell; empty while the call runs"
    )


class WaveformModel(_Model):
    """How loud both sides of a recording were, 0 to 100 a step, and who spoke when."""

    begin_s: float = Field(description="when it begins, in seconds from the call's beginning")
    seconds: float
    step_s: float
    caller: list[int]
    heard: list[int] = Field(description="what the caller heard: the bot, then the agent")
    timeline: list[StretchModel]


@dataclass(frozen=True, slots=True)
class CallShelves:
    """Where what is known of calls is read; ``recording`` gives the file of a recording's name,
    None where it has been deleted. ``written`` gives what a contact has written so far in text that
    goes on, None where none does."""

    archive: CallArchive
    contacts: ContactLookup
    deflections: StagesLookup
    notes: NoteRecords
    recording: Callable[[str], Path | None]
    written: Callable[[CallId], Awaitable[tuple[TurnRecord, ...] | None]]


def one_call_router(shelves: CallShelves, clock: Callable[[], float] = time.time) -> APIRouter:
    """Serve what ``shelves`` hold."""
    router = APIRouter(prefix="/api/calls", tags=["calls"])
    waveforms = Waveforms()

    async def record(id: str) -> CallRecord:
        call = await shelves.archive.get_call(CallId(id))
        if call is None:
            raise HTTPException(404, "no call has this id")
        return call

    @router.get(
        "/{id}",
        summary="Give one call",
        responses={404: {"model": Problem, "description": "No call has this id."}},
    )
    async def get_call(id: _Id) -> WholeCall:
        """Give one call with all its turns so far, spoken and written, its way through the queues
        and to text, who spoke when, and what agents wrote about it."""
        call = await record(id)
        contact = await shelves.contacts.contact(call.id, clock())
        stages = await shelves.deflections.stages_of(call.id)
        written = await shelves.written(call.id)
        call = call if not written else replace(call, turns=(*call.turns, *written))
        notes = await shelves.notes.about([call.id])
        return _whole(call, contact, stages, notes, is_written=written is not None)

    @router.get(
        "/{id}/waveform",
        summary="Give what the recording of a call looks like",
        responses={404: {"model": Problem, "description": "No such call, or no recording of it."}},
    )
    async def get_waveform(id: _Id) -> WaveformModel:
        """Give the waveform of a finished call's recording, and its timeline as measured in it."""
        call = await record(id)
        file = None if call.recording is None else shelves.recording(call.recording)
        if file is None or call.ended_at is None:
            raise HTTPException(404, "there is no finished recording of this call")
        try:
            found = await waveforms.of(file)
        except (AudioError, OSError):
            raise HTTPException(404, "the recording cannot be read") from None
        contact = await shelves.contacts.contact(call.id, clock())
        # It ends with the call; when it began depends on when the caller agreed.
        begin = max(0.0, call.ended_at - call.started_at - found.seconds)
        sides = [
            [(first + begin, last + begin) for first, last in side.active]
            for side in (found.left, found.right)
        ]
        return WaveformModel(
            begin_s=begin,
            seconds=found.seconds,
            step_s=found.step_s,
            caller=list(found.left.peaks),
            heard=list(found.right.peaks),
            timeline=[StretchModel.of(each) for each in measured(_times(call, contact), *sides)],
        )

    return router


def _whole(
    call: CallRecord,
    contact: LedgerContact | None,
    stages: Sequence[DeflectionReached],
    notes: Sequence[Note],
    *,
    is_written: bool,
) -> WholeCall:
    return WholeCall(
        **dict(Call.of(call)),
        queue=contact.queue if contact else "",
        agent=contact.agent if contact else "",
        waited_s=contact.waited_s if contact else None,
        handled_s=contact.handled_s if contact else None,
        wrapped_s=contact.wrapped_s if contact else None,
        called_back=bool(contact and contact.called_back),
        repeat=contact.repeat if contact else None,
        resolved=contact.resolved if contact else None,
        notes=[CallNote.of(each) for each in notes],
        deflection=[Stage.of(each) for each in stages],
        is_written=is_written,
        timeline=[StretchModel.of(each) for each in told(_times(call, contact))],
    )


def _times(call: CallRecord, contact: LedgerContact | None) -> CallTimes:
    def since(at: float | None) -> float | None:
        return None if at is None else at - call.started_at

    begin, end = since(call.answered_at) or 0.0, since(call.ended_at) or 0.0
    turns = tuple(
        TurnTimes(
            turn.prompt,
            turn.at - call.started_at,
            since(turn.said_at),
            since(turn.heard_from),
            since(turn.heard_until),
        )
        for turn in call.spoken
    )
    waited = contact.waited_s if contact else None
    # The talk with somebody who was called back is in another call.
    handled = contact.handled_s if contact and not contact.called_back else None
    return CallTimes(call.language, begin, end, turns, waited or 0.0, handled or 0.0)
