"""A whole voice session without models: a loopback line, a small flow, scripted recognition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import SpeechError
from voicebot.events import CallEnded, CallEvent, TurnFinished
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.reader import load_flows
from voicebot.flows.state import FlowState
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.store import GrammarStore
from voicebot.media.frames import is_silent
from voicebot.sessions.conversation import Conversation
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.registry import CallRegistry
from voicebot.sessions.voice import VoiceSession
from voicebot.sessions.voice_services import VoiceServices
from voicebot.speech.prompts import PromptRenderer
from voicebot.speech.recognizer import Hypothesis, Recognition
from voicebot.telephony._api import CallLeg
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.turns.signals import TurnPolicy
from voicebot.types import Json, Language, Prompt, Samples

RATE = 8000
VOICE = 6000
"""Level of both speakers' 'voice', a constant: what is not silent is speech."""

FLOW = """\
language: en-US
start: welcome
commands:
  grammar: commands
  keys: {"0": operator}
  steps: {operator: to_agent}
trouble: {next: give_up, in_a_row: 3, in_all: 5}
apology: My fault.
steps:
  welcome:
    say: Hello.
    next: question
  question:
    ask: Which fruit?
    grammar: fruit
    keys: {"1": apple, "22": pear}
    store: fruit
    noinput: [Are you there?, Still there?]
    nomatch: [Which fruit please?, What fruit is it?]
    next: {nothing: give_up, else: look_up}
  look_up:
    act: price
    arguments: {fruit: "{fruit}"}
    store: price
    filler: One moment.
    next: tell
    on_error: sorry
  tell:
    say: "It costs {price|number}."
    served: true
    next: question
  sorry:
    say: I cannot look that up.
    next: question
  to_agent:
    say: I connect you.
    transfer: agents
    context: {fruit: "{fruit}"}
    on_failure: nobody
  nobody:
    say: Nobody is there.
    next: question
  give_up:
    say: Goodbye.
    bargein: false
    hangup: auto
"""
FRUIT = """\
#ABNF 1.0 UTF-8;
language en-US; root $fruit;
public $fruit = apple | pear | nothing;
"""
COMMANDS = """\
#ABNF 1.0 UTF-8;
language en-US; root $command;
public $command = operator;
"""


@dataclass
class Line:
    """One call under test: ``caller`` drives it, ``script`` says what will be recognised.

    An entry of ``script`` is the words that the next decode hears, or the error it ends in; every
    utterance takes one. Synthesis is a constant tone of 10 ms a letter.
    """

    caller: LoopbackCaller
    session: VoiceSession
    task: asyncio.Task[None]
    registry: CallRegistry
    script: list[str | Exception] = field(default_factory=list)
    events: list[CallEvent] = field(default_factory=list)
    live: list[LiveEvent] = field(default_factory=list)

    @property
    def turns(self) -> list[TurnFinished]:
        return [event for event in self.events if isinstance(event, TurnFinished)]

    @property
    def end(self) -> CallEnded:
        event = self.events[-1]
        assert isinstance(event, CallEnded), event
        return event

    async def hear_out(self) -> None:
        """Let the bot speak until it has been silent for 300 ms."""
        quiet = 0
        spoke = False
        for _ in range(3000):
            heard = await self.caller.step()
            loud = heard is not None and not is_silent(heard)
            spoke = spoke or loud
            quiet = 0 if loud else quiet + 1
            if self.task.done() or (spoke and quiet >= 15):
                return
        raise AssertionError("the bot did not speak")

    async def say(self, words: str | Exception, seconds: float = 0.6) -> None:
        """Speak; the recogniser will hear ``words``."""
        self.script.append(words)
        await self.caller.speak(np.full(int(seconds * RATE), VOICE, np.int16))

    async def hang_up(self) -> None:
        self.caller.hang_up()
        await asyncio.wait_for(self.task, 30)

    async def over(self) -> CallEnded:
        """Wait for the bot to end the call."""
        assert await self.caller.listen_until(self.task.done)
        return self.end


Act = Callable[[str, Mapping[str, Json]], Awaitable[Json]]


class Prices:
    """The flow's one action; ``gate`` holds it back, ``error`` is what it ends in."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self, name: str, arguments: Mapping[str, Json]) -> Json:
        assert name == "price"
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return {"apple": 3, "pear": 4}[str(arguments["fruit"])]


@dataclass
class Exchange:
    """Makes lines; ``prices`` is the action that all of them share, ``adapt`` changes the services
    of the next ones."""

    application: Path
    prices: Prices
    adapt: Callable[[VoiceServices], VoiceServices] = lambda services: services
    lines: list[Line] = field(default_factory=list)

    async def call(
        self,
        announcement: Prompt | None = None,
        made_of: Callable[[CallLeg], CallLeg] = lambda leg: leg,
        state: FlowState | None = None,
    ) -> Line:
        """``state`` is that of a contact which comes back from text, with its place in a queue."""
        loop = asyncio.get_running_loop()
        leg, caller = pair(start=loop.time())
        line_of_bot = made_of(leg)
        line: Line
        script: list[str | Exception] = []
        events: list[CallEvent] = []
        live: list[LiveEvent] = []
        registry = CallRegistry(max_calls=1)
        store = GrammarStore(self.application / "grammars")

        class Journal:
            def append(self, event: CallEvent) -> None:
                events.append(event)

        async def recognize(audio: Samples, rate: int, grammar: ActiveGrammar) -> Recognition:
            assert audio.size > rate // 10
            heard = script.pop(0)
            if isinstance(heard, Exception):
                raise heard
            return recognition(heard, grammar)

        services = VoiceServices(
            recognize=recognize,
            renderer=PromptRenderer(_tone, "toy"),
            grammars=ListenGrammars(store, executor=AtOnce()),
            act=self.prices,
            transfer_targets={"agents": "sip:agents@127.0.0.1"},
            journal=Journal(),
            publish=live.append,
            registry=registry,
            turns=TurnPolicy(),
            detector=lambda rate: lambda samples: not is_silent(samples),
            announcement=announcement,
        )
        flows = load_flows(self.application / "flows")
        registry.admit(leg.info.call_id)
        session = VoiceSession(
            line_of_bot,
            Conversation(Interpreter(flows), state, keeps_place=state is not None),
            self.adapt(services),
            flow="main",
            language=Language("en-US"),
        )
        task = asyncio.create_task(session.run())
        line = Line(caller, session, task, registry, script, events, live)
        self.lines.append(line)
        await caller.settle()
        return line

    async def close(self) -> None:
        for line in self.lines:
            line.task.cancel()
            await asyncio.gather(line.task, return_exceptions=True)


class AtOnce(Executor):
    """Works while it is asked to: no thread whose time the test would have to wait for."""

    def submit(  # type: ignore[override]
        self, work: Callable[..., object], *arguments: object
    ) -> Future[object]:
        done: Future[object] = Future()
        done.set_result(work(*arguments))
        return done


async def _tone(text: str, rate: int) -> Samples:
    return np.full(len(text) * rate // 100, VOICE, np.int16)


def recognition(words: str, grammar: ActiveGrammar) -> Recognition:
    """What an engine gives that heard ``words``; empty words are noise."""
    match = grammar.match_words(words.split()) if words else None
    nbest = (
        ()
        if match is None
        else (Hypothesis(match.text, match.semantics, 0.9, -1.0, match.grammar),)
    )
    return Recognition(
        match=match is not None,
        confidence=0.9 if match else 0.0,
        nbest=nbest,
        free_text=words,
        complete=match is not None,
        can_continue=False,
        seconds=0.1,
        audio_seconds=1.0,
    )


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    for name, text in (
        ("flows/main.yaml", FLOW),
        ("grammars/fruit.gram", FRUIT),
        ("grammars/commands.gram", COMMANDS),
    ):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    made = Exchange(tmp_path, Prices())
    yield made
    await made.close()


LOST = SpeechError("the worker was lost")
