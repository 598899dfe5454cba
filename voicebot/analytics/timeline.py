"""Who spoke when in one call, to be drawn to scale.

From the records alone the caller's speech is known, and when the bot began; how long it spoke is
estimated from its words. Where the call was recorded both are measured (`media.waveform`), and the
records say only whose voice the caller heard. Times are seconds from the call's beginning. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from voicebot.speaking_time import speaking_s
from voicebot.types import Language

SHORTEST_SILENCE_S: Final = 1.0
"""What is shorter is the rhythm of talk."""

Ranges = Sequence[tuple[float, float]]


class Part(StrEnum):
    """What a stretch of a call is."""

    BOT = "bot"
    CALLER = "caller"
    AGENT = "agent"
    WAITING = "waiting"
    """For a person, in a queue."""
    SILENCE = "silence"
    """Nobody speaks, for a second or more."""
    OVERLAP = "overlap"
    """The caller and another speak at once."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """``estimated`` where the records do not say it exactly."""

    part: Part
    begin_s: float
    end_s: float
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class TurnTimes:
    """When the turn of a ``prompt`` was over (``at``) and what else is known of it, None where it
    is not."""

    prompt: str
    at: float
    said_at: float | None
    heard_from: float | None
    heard_until: float | None


@dataclass(frozen=True, slots=True)
class CallTimes:
    """One call from its answer to its end. ``waited_s`` in queues came before ``handled_s`` with
    a person, which is the last of the call."""

    language: Language
    begin_s: float
    end_s: float
    turns: tuple[TurnTimes, ...]
    waited_s: float = 0.0
    handled_s: float = 0.0


def told(call: CallTimes) -> list[Stretch]:
    """The timeline of a call that was not recorded."""
    speech = [stretch for turn in call.turns for stretch in _of_turn(turn, call)]
    return _whole(call, [*speech, *_with_people(call)], silences=False)


def measured(call: CallTimes, caller: Ranges, other: Ranges) -> list[Stretch]:
    """The timeline of a call in whose recording the ``caller`` and the ``other`` side speak."""
    people = _with_people(call)
    agent = [each for each in people if each.part is Part.AGENT]
    taken = agent[0].begin_s if agent else call.end_s
    waits = [each for each in people if each.part is Part.WAITING]
    speech = [Stretch(Part.CALLER, *each) for each in caller]
    for begin, end in other:
        if begin < taken:
            speech.append(Stretch(Part.BOT, begin, min(end, taken)))
        if end > taken:
            speech.append(Stretch(Part.AGENT, max(begin, taken), end))
    return _whole(call, [*speech, *waits], silences=True)


def _of_turn(turn: TurnTimes, call: CallTimes) -> Iterator[Stretch]:
    if turn.said_at is not None and turn.prompt:
        latest = turn.at if turn.heard_from is None else min(turn.at, turn.heard_from + 0.5)
        end = min(turn.said_at + speaking_s(turn.prompt, call.language), max(latest, turn.said_at))
        yield Stretch(Part.BOT, turn.said_at, end, estimated=True)
    if turn.heard_from is not None and turn.heard_until is not None:
        yield Stretch(Part.CALLER, turn.heard_from, turn.heard_until)


def _with_people(call: CallTimes) -> list[Stretch]:
    taken = call.end_s - call.handled_s
    found = [
        Stretch(Part.WAITING, taken - call.waited_s, taken, estimated=True),
        Stretch(Part.AGENT, taken, call.end_s, estimated=True),
    ]
    return [each for each in found if each.end_s > each.begin_s]


def _whole(call: CallTimes, stretches: Iterable[Stretch], *, silences: bool) -> list[Stretch]:
    """In order and within the call, with silences and overlaps."""
    found = [
        Stretch(
            each.part,
            max(each.begin_s, call.begin_s),
            min(each.end_s, call.end_s),
            each.estimated,
        )
        for each in stretches
    ]
    found = [each for each in found if each.end_s > each.begin_s]
    found += [*_overlaps(found), *_silences(call, found, estimated=not silences)]
    return sorted(found, key=lambda each: (each.begin_s, each.part))


def _overlaps(stretches: Sequence[Stretch]) -> list[Stretch]:
    callers = [each for each in stretches if each.part is Part.CALLER]
    others = [each for each in stretches if each.part in {Part.BOT, Part.AGENT}]
    # With a person on the line and no recording, nobody knows who spoke.
    known = [each for each in others if each.part is Part.BOT or not each.estimated]
    found = []
    for caller in callers:
        for other in known:
            begin = max(caller.begin_s, other.begin_s)
            end = min(caller.end_s, other.end_s)
            if begin < end:
                estimated = caller.estimated or other.estimated
                found.append(Stretch(Part.OVERLAP, begin, end, estimated))
    return found


def _silences(
    call: CallTimes, stretches: Sequence[Stretch], *, estimated: bool
) -> Iterator[Stretch]:
    place = call.begin_s
    for each in [
        *sorted(stretches, key=lambda each: each.begin_s),
        Stretch(Part.SILENCE, call.end_s, call.end_s),
    ]:
        if each.begin_s - place >= SHORTEST_SILENCE_S:
            yield Stretch(Part.SILENCE, place, each.begin_s, estimated)
        place = max(place, each.end_s)
