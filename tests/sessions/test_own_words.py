"""A call in which the caller says it in words that no grammar holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.nlu.conftest import LABELLED, WordEncoder
from tests.sessions.conftest import AtOnce, Exchange
from voicebot.events import TurnResult
from voicebot.nlu.intent_set import Example, Intent, IntentSet
from voicebot.nlu.library import IntentLibrary
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.voice_services import VoiceServices
from voicebot.types import Language, Outcome


async def test_words_that_no_grammar_holds_are_understood_as_an_intent(
    exchange: Exchange, tmp_path: Path
) -> None:
    wishes = tuple(
        Intent(name, tuple(Example(text) for text, label in LABELLED if label == name))
        for name in ("cancel", "hours")
    )
    library = IntentLibrary(
        [IntentSet(Language("en-US"), wishes)], tmp_path / "models", lambda language: WordEncoder()
    )
    flow = exchange.application / "flows" / "main.yaml"
    flow.write_text(
        "start: menu\nsteps:\n"
        "  menu: {ask: What?, grammar: fruit, intents: true, next: {hours: open, else: menu}}\n"
        "  open: {say: From nine., served: true, next: end}\n"
        "  end: {hangup: auto}\n"
    )

    def understands(services: VoiceServices) -> VoiceServices:
        return replace(services, comprehension=Comprehension(services.grammars, library, AtOnce()))

    exchange.adapt = understands
    line = await exchange.call()
    await line.hear_out()
    await line.say("please know when you open")
    end = await line.over()

    assert end.outcome is Outcome.SELF_SERVED
    turn = line.turns[0]
    assert turn.result is TurnResult.MATCH
    assert turn.heard is not None
    assert turn.heard.text == "please know when you open"
    assert turn.heard.semantics == {
        "intent": "hours",
        "text": "please know when you open",
        "because": "please know when you open",
    }
