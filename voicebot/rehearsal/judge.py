"""Whether a turn was as expected: one function for each kind of check, each tells what it found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import cast

from voicebot.document import suggest
from voicebot.events import TurnResult
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    Ambiguous,
    InputMatched,
    NoInput,
    NoMatch,
)
from voicebot.flows.expression import Expression, holds, look_up
from voicebot.flows.model import FlowSet
from voicebot.flows.state import FlowState, Frame
from voicebot.rehearsal import form_answers, witness
from voicebot.rehearsal.compare import contains, holds_words
from voicebot.rehearsal.model import Check, Failure, Named
from voicebot.rehearsal.witness import Deed, Passage
from voicebot.types import Json, Outcome


@dataclass(frozen=True)
class Played:
    """One turn as it was played. ``outcome`` is that of a call that is over."""

    passages: Sequence[Passage]
    state: FlowState
    flows: FlowSet
    today: date
    outcome: Outcome | None

    @cached_property
    def said(self) -> list[tuple[str, str]]:
        """Each prompt as it is read and as it is heard."""
        return [
            (
                witness.as_read(prompt, language, self.today),
                witness.as_heard(prompt, language, self.today),
            )
            for prompt, language in witness.prompts(self.passages)
        ]

    @cached_property
    def frames(self) -> list[Frame]:
        return [frame for passage in self.passages for frame in passage.frames]

    @cached_property
    def deeds(self) -> list[Deed]:
        return witness.deeds(self.passages)


def judge(checks: Sequence[Check], played: Played) -> list[Failure]:
    """The checks that do not hold, in their order."""
    failures = []
    for check in checks:
        problem = _JUDGES[check.key](check.wanted, played)
        if problem:
            failures.append(Failure(check.place, problem))
    return failures


def _step(wanted: object, played: Played) -> str:
    name = cast("str", wanted)
    at = played.state.frames[-1]
    if _is(name, at):
        return ""
    verb = "ended" if played.outcome is not None else "waits"
    return f"expected step '{name}', but the bot {verb} at '{_label(at)}'"


def _slot(wanted: object, played: Played) -> str:
    asked = form_answers.asked(played.flows, played.state)
    if asked == wanted:
        return ""
    if not asked:
        at = _label(played.state.frames[-1])
        return f"expected slot '{wanted}' to be asked for, but no form asks at '{at}'"
    return f"expected slot '{wanted}' to be asked for, but it is '{asked}'"


def _filled(wanted: object, played: Played) -> str:
    named = cast("Named | None", wanted)
    values = form_answers.filled(played.flows, played.passages)
    if named is None:
        return f"expected no slot to be filled, but there was {_json(values)}" if values else ""
    if named.name not in values:
        return f"expected slot '{named.name}' to be filled, but it was {_json(values)}"
    if named.value is None or contains(named.value, values[named.name]):
        return ""
    found = _json(values[named.name])
    return f"expected slot '{named.name}' to be {_json(named.value)}, but it is {found}"


def _passes(wanted: object, played: Played) -> str:
    ways = iter(played.frames)
    for name in cast("tuple[str, ...]", wanted):
        if not any(_is(name, frame) for frame in ways):
            return f"expected to pass '{name}', but the way was {_way(played)}"
    return ""


def _avoids(wanted: object, played: Played) -> str:
    name = cast("str", wanted)
    if any(_is(name, frame) for frame in played.frames):
        return f"expected not to pass '{name}', but the way was {_way(played)}"
    return ""


def _bot(wanted: object, played: Played) -> str:
    if _says(cast("str", wanted), played):
        return ""
    said = " ".join(read for read, _ in played.said)
    return f"expected the bot to say '{wanted}', but it said " + (
        f"'{said}'" if said else "nothing"
    )


def _bot_not(wanted: object, played: Played) -> str:
    return f"expected the bot not to say '{wanted}'" if _says(cast("str", wanted), played) else ""


def _cards(wanted: object, played: Played) -> str:
    cards = [card.as_text() for card in witness.cards(played.passages, played.today)]
    seen = "; ".join(card.replace("\n", ", ") for card in cards)
    if wanted is None:
        return f"expected no card, but there was '{seen}'" if cards else ""
    if any(holds_words(cast("str", wanted), card) for card in cards):
        return ""
    return f"expected a card with '{wanted}', but " + (f"it was '{seen}'" if cards else "none came")


def _says(part: str, played: Played) -> bool:
    as_read = " ".join(read for read, _ in played.said)
    as_heard = " ".join(heard for _, heard in played.said)
    return holds_words(part, as_read) or holds_words(part, as_heard)


def _result(wanted: object, played: Played) -> str:
    found = [str(kind) for passage in played.passages if (kind := result_of(passage))]
    if witness.unanswered(played.passages):
        found.append(TurnResult.NOMATCH)
    if not found:
        return f"expected a {wanted}, but nothing was listened to"
    return "" if found[-1] == wanted else f"expected a {wanted}, but it was a {found[-1]}"


def result_of(passage: Passage) -> TurnResult | None:
    """What came of the input that this passage is about; None where it is about none.

    A question that the knowledge does not answer is a nomatch once that is known.
    """
    missed = passage.after.counts.nomatch_here > passage.before.counts.nomatch_here
    match passage.event:
        case ActionDone() | ActionFailed() if missed:
            return TurnResult.NOMATCH
        case InputMatched():
            return TurnResult.NOMATCH if missed else TurnResult.MATCH
        case NoMatch() | Ambiguous():
            return TurnResult.NOMATCH
        case NoInput():
            return TurnResult.NOINPUT
    return None


def _heard(wanted: object, played: Played) -> str:
    heard = [each.event for each in played.passages if isinstance(each.event, InputMatched)]
    if not heard:
        return f"expected {_json(wanted)} to be heard, but nothing was understood"
    if any(contains(cast("Json", wanted), event.heard.semantics) for event in heard):
        return ""
    return f"expected {_json(wanted)} to be heard, but it was {_json(heard[-1].heard.semantics)}"


def _acts(wanted: object, played: Played) -> str:
    return _done(cast("Named | None", wanted), played, "action", "run")


def _answers(wanted: object, played: Played) -> str:
    found = [deed.name or "nothing" for deed in played.deeds if deed.what == "answer"]
    name = cast("Named", wanted).name if wanted is not None else "nothing"
    if name in found:
        return ""
    among = f"but it was {', '.join(found)}" if found else "but no question was looked up"
    return f"expected {name} to answer, {among}"


def _transfers(wanted: object, played: Played) -> str:
    return _done(cast("Named | None", wanted), played, "transfer", "made")


def _texts(wanted: object, played: Played) -> str:
    return _done(cast("Named | None", wanted), played, "text", "sent")


def _done(wanted: Named | None, played: Played, what: str, verb: str) -> str:
    done = [deed for deed in played.deeds if deed.what == what]
    names = ", ".join(deed.name for deed in done) or "none"
    if wanted is None:
        return f"expected no {what} to be {verb}, but there was {names}" if done else ""
    same = [deed for deed in done if deed.name == wanted.name]
    if not same:
        return f"expected {what} '{wanted.name}' to be {verb}, but there was {names}"
    if wanted.value is None or any(contains(wanted.value, dict(d.details)) for d in same):
        return ""
    told = _json(dict(same[-1].details))
    return f"expected {what} '{wanted.name}' with {_json(wanted.value)}, but it had {told}"


def _variables(wanted: object, played: Played) -> str:
    named = cast("Named", wanted)
    value = look_up(named.name.split("."), dict(played.state.variables))
    if contains(named.value, value):
        return ""
    near = suggest(named.name, set(played.state.variables)) if value is None else ""
    near = f". {near}" if near.startswith("Did") else ""
    return f"expected {named.name} to be {_json(named.value)}, but it is {_json(value)}{near}"


def _holds(wanted: object, played: Played) -> str:
    if holds(cast("Expression", wanted), played.state.variables):
        return ""
    return "the condition does not hold"


def _outcome(wanted: object, played: Played) -> str:
    if played.outcome is None:
        at = _label(played.state.frames[-1])
        return f"expected the call to be over ({wanted}), but the bot waits at '{at}'"
    if played.outcome != wanted:
        return f"expected the outcome {wanted}, but it is {played.outcome}"
    return ""


_JUDGES: Mapping[str, Callable[[object, Played], str]] = {
    "step": _step,
    "slot": _slot,
    "filled": _filled,
    "passes": _passes,
    "avoids": _avoids,
    "bot": _bot,
    "bot_not": _bot_not,
    "cards": _cards,
    "result": _result,
    "heard": _heard,
    "acts": _acts,
    "answers": _answers,
    "transfers": _transfers,
    "texts": _texts,
    "variables": _variables,
    "holds": _holds,
    "outcome": _outcome,
}


def _is(name: str, frame: Frame) -> bool:
    return name in {frame.step, _full(frame)}


def _full(frame: Frame) -> str:
    return f"{frame.flow}.{frame.step}"


def _label(frame: Frame) -> str:
    return frame.step if frame.flow == "main" else _full(frame)


def _way(played: Played) -> str:
    return " > ".join(_label(frame) for frame in played.frames) or "nowhere"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
