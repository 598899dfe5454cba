"""A caller who changes the language: mouth and ears follow the flow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.sessions.conftest import VOICE, Exchange, recognition
from voicebot.errors import SpeechError
from voicebot.events import TurnResult
from voicebot.grammar.active import ActiveGrammar
from voicebot.sessions.last_words import CLOSING, OUR_FAULT, in_language
from voicebot.sessions.tongue import Tongue
from voicebot.sessions.voice_services import VoiceServices
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.recognizer import Recognition
from voicebot.types import Language, Samples

CHINESE = Language("zh-CN")
TEXTS = """\
apology: 对不起。
steps:
  welcome: {say: 您好。}
  question: {ask: 要什么水果？, noinput: [在吗？, 还在吗？], nomatch: [什么水果？, 请说水果。]}
  look_up: {filler: 请稍等。}
  tell: {say: "{price|number}元。"}
  sorry: {say: 查不到。}
  to_agent: {say: 正在转接。}
  nobody: {say: 没有人。}
  give_up: {say: 再见。}
"""
GRAMMARS = {
    "zh-CN/fruit": "language zh-CN; root $f;\ntag-format <semantics/1.0>;\n"
    "public $f = 苹果 {out='apple'} | 梨 {out='pear'};",
    "zh-CN/commands": "language zh-CN; root $c;\npublic $c = 人工;",
    "commands": "language en-US; root $c;\npublic $c = operator | chinese;",
}


class Ears:
    """What the Chinese recogniser will hear."""

    def __init__(self) -> None:
        self.script: list[str] = []

    async def recognize(self, audio: Samples, rate: int, grammar: ActiveGrammar) -> Recognition:
        return recognition(self.script.pop(0), grammar)


async def _tone(text: str, rate: int) -> Samples:
    return np.full(len(text) * rate // 10, VOICE, np.int16)


@pytest.fixture
def ears(exchange: Exchange) -> Ears:
    """The application in two languages; services that speak both."""
    flow = exchange.application / "flows" / "main.yaml"
    text = flow.read_text().replace(
        "  steps: {operator", "  languages: {chinese: zh-CN}\n  steps: {operator"
    )
    flow.write_text(text)
    for folder in ("flows", "grammars"):
        (exchange.application / folder / "zh-CN").mkdir()
    (exchange.application / "flows" / "zh-CN" / "main.yaml").write_text(TEXTS, encoding="utf-8")
    for name, rules in GRAMMARS.items():
        file = exchange.application / "grammars" / f"{name}.gram"
        file.write_text(f"#ABNF 1.0 UTF-8;\n{rules}\n", encoding="utf-8")
    ears = Ears()
    tongues = {CHINESE: Tongue(ears.recognize, PromptRenderer(_tone, "toy zh"))}

    def adapt(services: VoiceServices) -> VoiceServices:
        return replace(services, tongue=tongues.get)

    exchange.adapt = adapt
    return ears


async def test_caller_goes_on_in_the_other_language(exchange: Exchange, ears: Ears) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say("chinese")
    await line.hear_out()
    ears.script.append("苹果")
    await line.caller.speak(np.full(4800, VOICE, np.int16))
    await line.hear_out()
    await line.hang_up()

    assert [turn.prompt for turn in line.turns[:3]] == [
        "Hello. Which fruit?",
        "要什么水果？",
        "三 元。 要什么水果？",
    ]
    heard = line.turns[1].heard
    assert heard is not None
    assert (heard.text, heard.semantics) == ("苹果", "apple")


async def test_speech_that_nobody_here_hears_is_a_nomatch_and_keys_go_on(
    exchange: Exchange, ears: Ears
) -> None:
    line = await exchange.call()
    await line.hear_out()
    await line.say("chinese")
    await line.hear_out()
    ears.script.append("")
    await line.caller.speak(np.full(4800, VOICE, np.int16))
    await line.hear_out()
    line.caller.press("1")
    await line.hear_out()
    await line.hang_up()

    assert line.turns[1].result is TurnResult.NOMATCH
    assert line.turns[2].prompt == "什么水果？"
    assert line.turns[3].prompt.startswith("三 元。")


async def test_language_without_a_tongue_leaves_the_call_as_it_is(
    exchange: Exchange, ears: Ears
) -> None:
    exchange.adapt = lambda services: services
    line = await exchange.call()
    await line.hear_out()
    await line.say("chinese")
    await line.hear_out()
    line.caller.press("22")
    await line.hear_out()
    await line.hang_up()

    assert len(line.turns) >= 2, "the call goes on"
    assert not isinstance(line.end.reason, SpeechError)


def test_last_words_are_in_the_callers_language() -> None:
    assert in_language(CLOSING, Language("en-US")) is CLOSING
    assert in_language(OUR_FAULT, Language("fr-FR")) is OUR_FAULT
    assert "再见" in str(in_language(CLOSING, CHINESE).parts)
