"""A conversation with the interpreter, and flows from text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from voicebot.document import parse_document
from voicebot.errors import FlowError
from voicebot.flows.commands import Command, Say
from voicebot.flows.events import ContactStarted, FlowEvent, InputMatched
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import Flow, FlowSet
from voicebot.flows.reader import read_flow
from voicebot.flows.state import FlowState
from voicebot.types import Heard, Json, Mode, Prompt, SayAs, Value


def words(prompt: Prompt) -> str:
    """A prompt as text; a value that is not plain text shows how it is read out."""
    return "".join(
        part
        if isinstance(part, str)
        else str(part.value)
        if part.say_as is SayAs.TEXT
        else f"<{part.say_as}:{part.value}>"
        for part in prompt.parts
        if isinstance(part, str | Value)
    )


class Conversation:
    """Plays a contact. After every event the state goes through JSON, as if it were moved."""

    def __init__(self, flows: FlowSet, start: str = "main") -> None:
        self.interpreter = Interpreter(flows, start)
        self.state: FlowState = self.interpreter.begin()
        self.commands: list[Command] = []

    def tell(self, event: FlowEvent) -> Conversation:
        state, self.commands = self.interpreter.receive(self.state, event)
        self.state = FlowState.from_json(json.loads(json.dumps(state.to_json())))
        assert self.state == state
        return self

    def start(self, **facts: Json) -> Conversation:
        return self.tell(ContactStarted(facts))

    def hear(
        self,
        meaning: Json,
        *,
        grammar: str = "answers",
        confidence: float = 1.0,
        mode: Mode = Mode.SPEECH,
    ) -> Conversation:
        return self.tell(InputMatched(Heard(str(meaning), meaning, confidence, mode, grammar)))

    @property
    def said(self) -> list[str]:
        return [words(command.prompt) for command in self.commands if isinstance(command, Say)]

    @property
    def last(self) -> Command:
        return self.commands[-1]


def read(text: str, name: str = "main") -> tuple[Flow | None, list[FlowError]]:
    problems: list[FlowError] = []
    document = parse_document(dedent(text), f"flows/{name}.yaml")
    return read_flow(document, name, f"flows/{name}.yaml", problems), problems


@pytest.fixture
def flow_set() -> Callable[..., FlowSet]:
    """Make flows of texts by name; a flow that cannot be read fails the test."""

    def make(**texts: str) -> FlowSet:
        flows: dict[str, Flow] = {}
        for name, text in texts.items():
            flow, problems = read(text, name)
            assert not problems, [str(problem) for problem in problems]
            assert flow is not None
            flows[name] = flow
        return FlowSet(flows)

    return make


@pytest.fixture
def converse(flow_set: Callable[..., FlowSet]) -> Callable[..., Conversation]:
    """Start a conversation with the flow ``main`` of these texts."""
    return lambda **texts: Conversation(flow_set(**texts)).start()


@pytest.fixture
def reading() -> Callable[..., tuple[Flow | None, list[FlowError]]]:
    """Read one flow from text, and the problems found while reading."""
    return read


@pytest.fixture
def application() -> Path:
    """The demo application: the project's own folder."""
    return Path(__file__).parents[2]
