"""What is said in a call comes to the desk, and articles follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from tests.desk.office import Office, join
from tests.sessions.agents_at_work import settle
from voicebot.acd.model import AgentId, ContactId
from voicebot.desk.captions import Captions
from voicebot.desk.screens import Screen
from voicebot.errors import SpeechError
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.phrases import compile_phrases
from voicebot.sessions.ears import Recognize
from voicebot.speech.recognizer import Recognition
from voicebot.types import CallId, Language, Samples

VOICE = 6000
CALLER = ContactId("caller")


class Recogniser:
    """Hears what the script says, one entry a sentence."""

    def __init__(self) -> None:
        self.script: dict[str, list[str | Exception]] = {"caller": [], "agent": []}
        self.has_room = True
        self.asked = 0

    def tongue(self, language: Language, side: tuple[CallId, str]) -> Recognize | None:
        async def recognize(audio: Samples, rate: int, grammar: ActiveGrammar) -> Recognition:
            self.asked += 1
            said = self.script[side[1]].pop(0)
            if isinstance(said, Exception):
                raise said
            return Recognition(False, 0.5, (), said, False, False, 0.0, 0.0)

        return recognize if language == "en-US" else None


def nothing() -> ActiveGrammar:
    empty: CompiledGrammar = compile_phrases([], Language("en-US")).grammar
    return ActiveGrammar("nothing", Language("en-US"), [("nothing", empty)])


@pytest.fixture
def recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture
async def office(recogniser: Recogniser) -> AsyncIterator[Office]:
    captions = Captions(
        recogniser.tongue,
        nothing,
        lambda: recogniser.has_room,
        detector=lambda rate: lambda frame: bool(np.any(frame)),
    )
    made = Office("anna", "bert", listen=captions)
    yield made
    await made.close()


def told(screen: Screen, kind: str) -> list[dict[str, object]]:
    return [dict(each) for each in screen.take() if each["type"] == kind]


async def test_both_sides_are_written_down_and_articles_follow_the_caller(
    office: Office, recogniser: Recogniser
) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    joined = await join(office, "anna", await office.accept("anna", screen))
    screen.take()
    recogniser.script["caller"] = ["where is my parcel"]
    recogniser.script["agent"] = ["one moment"]
    for speaker in (joined.caller, joined.agent):
        await speaker.speak(np.full(8000, VOICE, np.int16))
        await speaker.listen(3000)
    async with asyncio.timeout(30):
        while len(office.desk("anna").contacts[next(iter(office.desk("anna").contacts))].lines) < 2:
            await asyncio.sleep(0.01)
    await settle()
    messages = [dict(each) for each in screen.take()]
    said = [(each["who"], each["text"]) for each in messages if each.get("final")]
    assert said == [("caller", "where is my parcel"), ("agent", "one moment")]
    (found,) = [each for each in messages if each["type"] == "suggestions"]
    assert found["question"] == "where is my parcel"
    await joined.end()


async def test_what_the_colleague_says_is_written_down_after_the_caller_was_handed_over(
    office: Office, recogniser: Recogniser
) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    joined = await join(office, "anna", await office.accept("anna", screen))
    other = office.sit_down("bert")
    office.conduct("anna").consult_agent(CALLER, AgentId("bert"))
    await settle()
    colleague = await office.accept("bert", other)
    await office.conduct("anna").hand_over(CALLER)
    await settle()
    recogniser.script["agent"] = ["bert here"]
    await colleague.speak(np.full(8000, VOICE, np.int16))
    await colleague.listen(3000)
    async with asyncio.timeout(30):
        while not office.desk("bert").contacts[CALLER].lines:
            await asyncio.sleep(0.01)
    (line,) = office.desk("bert").contacts[CALLER].lines
    assert (line.who, line.text) == ("agent", "bert here")
    await joined.end()


async def test_callers_of_the_bot_come_first_and_a_failure_costs_one_sentence(
    office: Office, recogniser: Recogniser
) -> None:
    screen = office.sit_down("anna")
    await office.arrive()
    joined = await join(office, "anna", await office.accept("anna", screen))
    recogniser.has_room = False
    await joined.caller.speak(np.full(8000, VOICE, np.int16))
    await joined.caller.listen(3000)
    assert recogniser.asked == 0
    recogniser.has_room = True
    recogniser.script["caller"] = [SpeechError("a worker died"), "hello"]
    for _ in range(2):
        await joined.caller.speak(np.full(8000, VOICE, np.int16))
        await joined.caller.listen(3000)
    assert [each["text"] for each in told(screen, "said") if each["final"]] == ["hello"]
    await joined.end()
    assert joined.talk.bridge.watching.taps == []
