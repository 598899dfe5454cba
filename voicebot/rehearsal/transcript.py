"""A conversation as people read it: who said and did what, one line each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from voicebot.flows.commands import Act, HangUp, Say, SendText, Show, Transfer
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    Ambiguous,
    CallbackAgreed,
    FlowEvent,
    InputMatched,
    NoInput,
    NoMatch,
    RecognitionFailed,
    TextNotSent,
    TextSent,
    TransferDone,
    TransferRefused,
    TransferReturned,
    TurnCame,
)
from voicebot.rehearsal import witness
from voicebot.rehearsal.model import Move, MoveKind
from voicebot.rehearsal.witness import Passage
from voicebot.sessions.cards import shown


@dataclass(frozen=True, slots=True)
class Line:
    """``who`` is 'caller', 'bot', 'card', 'heard', 'flow' or 'end'."""

    who: str
    text: str


def move_line(move: Move, voice: str = "") -> Line:
    """What the caller did, in which voice."""
    match move.kind:
        case MoveKind.SAYS:
            return Line("caller", f"'{move.text}'" + (f" ({voice})" if voice else ""))
        case MoveKind.KEYS:
            return Line("caller", f"presses {move.text}")
        case MoveKind.SILENCE:
            return Line("caller", "is silent" + (f", {move.times} times" * (move.times > 1)))
        case MoveKind.RECOGNIZER_FAILS:
            return Line("caller", "speaks, and listening fails")
        case MoveKind.HANGS_UP:
            return Line("caller", "hangs up")
        case MoveKind.AGENT_RINGS:
            return Line("queue", "an agent rings")


def lines(passages: Sequence[Passage], today: date) -> Iterator[Line]:
    """What these passages held."""
    for passage in passages:
        if text := _event(passage.event):
            yield Line("heard" if passage.before.waiting != "action" else "flow", text)
        if way := " > ".join(frame.step for frame in passage.frames):
            yield Line("flow", f"goes {way}")
        for command, language in witness.in_language(passage):
            match command:
                case Say(prompt):
                    yield Line("bot", witness.as_read(prompt, language, today))
                case Show(card):
                    seen = shown(card, language, today).as_text()
                    yield Line("card", seen.replace("\n", ", "))
                case Act(action, arguments):
                    yield Line("flow", f"runs {action} {_json(dict(arguments))}")
                case Transfer() as transfer:
                    yield Line("flow", f"transfers to {transfer.target} {_json(transfer.context)}")
                case SendText(number, intent):
                    yield Line("flow", f"sends a link about {intent} to {number or 'the page'}")
                case HangUp(outcome, reason):
                    yield Line("end", f"{outcome} ({reason})")


def as_text(transcript: Sequence[Line]) -> str:
    """Lines under each other."""
    return "\n".join(f"{line.who:>6}  {line.text}" for line in transcript)


def _event(event: FlowEvent) -> str:
    match event:
        case InputMatched(heard):
            sure = f", confidence {heard.confidence:.2f}" if heard.confidence < 1 else ""
            return f"{_json(heard.semantics)} ({heard.grammar or 'keys'}{sure})"
        case NoMatch():
            return "nomatch"
        case Ambiguous(options):
            return f"as near to {' as to '.join(options)}"
        case NoInput():
            return "noinput"
        case RecognitionFailed():
            return "listening failed"
        case ActionDone(value):
            return f"gets {_json(value)}"
        case ActionFailed(problem):
            return f"gets no answer: {problem}"
        case TransferDone():
            return "the call is taken"
        case TextSent():
            return "the link is sent"
        case TextNotSent(problem):
            return f"no link is sent: {problem}"
        case TransferRefused(problem, why):
            if why:
                return f"the queue takes nobody: {why}"
            return f"nobody takes it: {problem}"
        case TurnCame():
            return "the turn has come"
        case CallbackAgreed():
            return "the queue will call back"
        case TransferReturned(seconds, left, to):
            if to:
                return f"the person talked for {seconds:g} s, then sent the caller to {to}"
            return f"the person talked for {seconds:g} s, then the {left} left"
    return ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
