"""A dialogue that remembers everything: what it was told, the way it took, what it wanted done.

Typed and spoken tests and replays all hold their conversations through it (it is a `Dialogue` of
`sessions.voice`), so that one judge and one count of coverage serve them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from voicebot.flows.commands import (
    ANSWER,
    Act,
    ChangeLanguage,
    Command,
    HangUp,
    Say,
    SendText,
    Show,
    Transfer,
)
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    ContactStarted,
    FlowEvent,
    InputMatched,
    TextNotSent,
    TextSent,
    TransferRefused,
)
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet
from voicebot.flows.requests import MORE, is_intent
from voicebot.flows.state import FlowState, Frame, Waiting
from voicebot.sessions.cards import ShownCard, shown
from voicebot.sessions.dialogue import Standing
from voicebot.speech import spoken
from voicebot.types import Heard, Json, Language, Outcome, Prompt

_EXPLAINS = frozenset({"because", "confidence", "response", "text"})

MAX_PASSAGES = 1000
"""Events that one conversation may have: a flow that acts without end is stopped here."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One event and what the flow made of it."""

    before: FlowState
    event: FlowEvent
    trail: tuple[FlowState, ...]
    commands: tuple[Command, ...]
    after: FlowState

    @property
    def frames(self) -> list[Frame]:
        """The steps that were taken, in order."""
        return [state.frames[-1] for state in self.trail]


@dataclass(frozen=True, slots=True)
class Deed:
    """What the flow wanted: an 'action', a 'transfer', a 'text' or, to a question, an 'answer' from
    the knowledge; its name (of an answer the article's), details, and what came of it."""

    what: str
    name: str
    details: Mapping[str, Json]
    answer: FlowEvent | None

    def as_text(self) -> str:
        match self.answer:
            case ActionDone(value):
                return f"-> {value!r}"
            case ActionFailed(problem) | TransferRefused(problem) | TextNotSent(problem):
                return f"fails: {problem}"
            case None:
                return "is not answered"
            case other:
                return f"-> {type(other).__name__}"


class Witness(Standing):
    """One contact's way through the flows. ``facts`` are added to what the channel knows."""

    def __init__(
        self,
        interpreter: Interpreter,
        *,
        facts: Mapping[str, Json],
        transfer: Callable[[Transfer], FlowEvent | None],
        text: Callable[[SendText], FlowEvent] = lambda _: TextSent(),
    ) -> None:
        self.state = interpreter.begin("rehearsal")
        self.passages: list[Passage] = []
        self._interpreter = interpreter
        self._facts = facts
        self._transfer = transfer
        self._text = text

    def receive(self, event: FlowEvent) -> list[Command]:
        """Tell the flow; a transfer or a text that it wants is answered at once, but for a queue in
        which the caller waits."""
        if isinstance(event, ContactStarted):
            event = ContactStarted({**event.facts, **self._facts})
        commands = self._follow(event)
        said: list[Command] = []
        while isinstance(last := commands[-1], Transfer | SendText):
            said += commands[:-1]
            if isinstance(last, SendText):
                commands = self._follow(self._text(last))
                continue
            said += [Say(prompt) for prompt in last.while_waiting]
            outcome = self._transfer(last)
            if outcome is None:
                return [*said, last]
            commands = self._follow(outcome)
        return said + commands

    def kept_transfer(self) -> Transfer | None:
        """None: a rehearsal begins anew, and nobody has waited before it."""
        return None

    def _follow(self, event: FlowEvent) -> list[Command]:
        if len(self.passages) >= MAX_PASSAGES:
            self.state = replace(self.state, waiting=Waiting.NOTHING)
            return [HangUp(Outcome.FAILED, f"the flow had {MAX_PASSAGES} events")]
        before = self.state
        walk = self._interpreter.follow(before, event)
        self.state = walk.state
        passage = Passage(before, event, tuple(walk.trail), tuple(walk.commands), walk.state)
        self.passages.append(passage)
        return walk.commands

    def moving(self) -> FlowState:
        """The state with which the contact goes on in text, while its link is being sent."""
        return self._interpreter.moving(self.state)

    @property
    def flows(self) -> FlowSet:
        return self._interpreter.flows

    @property
    def is_over(self) -> bool:
        return self.state.waiting is Waiting.NOTHING

    @property
    def listens(self) -> bool:
        return self.state.waiting in {Waiting.INPUT, Waiting.CONFIRMATION}


def prompts(passages: Sequence[Passage]) -> list[tuple[Prompt, Language]]:
    """All that was said to the caller, in order, each in its language."""
    said: list[tuple[Prompt, Language]] = []
    for command, language in (each for passage in passages for each in in_language(passage)):
        if isinstance(command, Say):
            said.append((command.prompt, language))
        elif isinstance(command, Transfer):
            said += [(prompt, language) for prompt in command.while_waiting]
    return said


def cards(passages: Sequence[Passage], today: date) -> list[ShownCard]:
    """The cards that were shown, in order, each in its language."""
    return [
        shown(command.card, language, today)
        for passage in passages
        for command, language in in_language(passage)
        if isinstance(command, Show)
    ]


def in_language(passage: Passage) -> Iterator[tuple[Command, Language]]:
    """The passage's commands, each with the language that it is carried out in."""
    language = Language(passage.before.speaks)
    for command in passage.commands:
        if isinstance(command, ChangeLanguage):
            language = command.language
        yield command, language


def deeds(passages: Sequence[Passage]) -> list[Deed]:
    """The actions and transfers that were wanted, in order."""
    events = [passage.event for passage in passages[1:]]
    done = []
    for place, passage in enumerate(passages):
        answer = events[place] if place < len(events) else None
        match passage.commands[-1]:
            case Act(action, arguments) if action == ANSWER:
                done.append(Deed("answer", _article(answer), arguments, answer))
            case Act(action, arguments):
                done.append(Deed("action", action, arguments, answer))
            case Transfer() as transfer:
                done.append(Deed("transfer", transfer.target, dict(transfer.context), answer))
            case SendText(number, intent):
                done.append(Deed("text", intent, {"number": number}, answer))
    return done


def unanswered(passages: Sequence[Passage]) -> bool:
    """Whether the knowledge had no answer to what was asked last."""
    looked_up = [deed for deed in deeds(passages) if deed.what == "answer" and deed.answer]
    return bool(looked_up) and not looked_up[-1].name


def _article(answer: FlowEvent | None) -> str:
    """The article that was found; empty where nothing was known."""
    value = answer.value if isinstance(answer, ActionDone) else None
    return str(value["name"]) if isinstance(value, dict) and value.get("parts") else ""


def hang_up(passages: Sequence[Passage]) -> HangUp | None:
    """How the flow ended the contact, None where it did not."""
    last = passages[-1].commands[-1] if passages else None
    return last if isinstance(last, HangUp) else None


def as_read(prompt: Prompt, language: Language, today: date) -> str:
    """The prompt as it looks in text."""
    return spoken.text(prompt, language, today)


def as_heard(prompt: Prompt, language: Language, today: date) -> str:
    """The prompt in the words that are spoken."""
    return spoken.words(prompt, language, today)


def meaning(event: FlowEvent) -> Json:
    """What was understood, null where nothing was."""
    return requested(event.heard) if isinstance(event, InputMatched) else None


def requested(heard: Heard) -> Json:
    """What was meant; of an intent without what only explains it, such as a confidence: two
    versions of an application may come to the same for different reasons."""
    if not is_intent(heard):
        return heard.semantics
    return _unexplained(heard.semantics)


def _unexplained(meaning: Json) -> Json:
    if isinstance(meaning, list):
        return [_unexplained(each) for each in meaning]
    if not isinstance(meaning, dict):
        return meaning
    return {
        key: _unexplained(value) if key == MORE else value
        for key, value in meaning.items()
        if key not in _EXPLAINS
    }
