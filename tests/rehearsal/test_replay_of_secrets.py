"""A replay answers a question whose answer was a secret with what stands for it."""

from __future__ import annotations

import pytest

from voicebot.events import TurnResult
from voicebot.flows.commands import FormGrammar, Listen, SlotGrammar
from voicebot.flows.events import InputMatched, NoMatch
from voicebot.rehearsal.replay import secret
from voicebot.sessions.records import TurnRecord
from voicebot.types import HIDDEN, Heard, Json, Language, Mode


def turn(text: str, meaning: Json, grammar: str = "digits") -> TurnRecord:
    result = TurnResult.NOMATCH if meaning is None else TurnResult.MATCH
    heard = Heard(text, meaning, 0.9, Mode.DTMF, grammar)
    return TurnRecord(1, 0.0, "card", "Your card?", result, heard, None, False)


FORM = FormGrammar((SlotGrammar("pin", ("digits",)),), Language("en-US"))


@pytest.mark.parametrize(
    "grammars, meaning",
    [
        (("digits",), HIDDEN),
        (("digits", FORM), {"filled": {"pin": HIDDEN}, "denied": {}, "corrected": False}),
    ],
)
def test_it_stands_for_the_answer_that_is_asked_for_now(
    grammars: tuple[str | FormGrammar, ...], meaning: Json
) -> None:
    event = secret(turn(HIDDEN, HIDDEN), Listen(grammars))
    assert isinstance(event, InputMatched)
    assert event.heard.semantics == meaning


def test_what_was_not_understood_is_not_understood_again() -> None:
    assert secret(turn(HIDDEN, None), Listen(("digits",))) == NoMatch()


def test_other_turns_are_heard_by_their_words() -> None:
    assert secret(turn("four", "4"), Listen(("digits",))) is None
