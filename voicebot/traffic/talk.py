"""One made-up contact's conversation: the real interpreter, told of by the real account.

What a session does over a telephone line (`sessions.voice`) happens here on passed-in time: words
take as long as they are, and a caller is a table and some dice. Where the flow hands the contact to
a queue the talk stops; whoever plays the queue goes on with what came of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from random import Random
from typing import Final, Protocol

from voicebot.action_result import ActionResult
from voicebot.errors import ActionError
from voicebot.events import DeflectionStage, TurnResult
from voicebot.flows.commands import (
    ANSWER,
    Act,
    ChangeLanguage,
    CloseOffer,
    Command,
    HangUp,
    Listen,
    OfferText,
    Say,
    SendText,
    Transfer,
)
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    ContactStarted,
    FlowEvent,
    InputMatched,
    NoInput,
    NoMatch,
    TextSent,
    TransferDone,
)
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.state import Asking, FlowState, Waiting
from voicebot.sessions.account import CallAccount
from voicebot.sessions.conversation import Conversation
from voicebot.speaking_time import speaking_s
from voicebot.speech import spoken
from voicebot.traffic.caller import Caller, Keys, Leaves, Says, Silence
from voicebot.types import Heard, Json, Language, Mode, Outcome

LONGEST: Final = 200
"""Events of one talk; a flow that goes round in circles is left."""
SILENCE_S: Final = 5.0
_ACTION_S: Final = (-1.9, 0.6)
"""Of the logarithm of an action's seconds: mean and deviation."""
_AFTER_TEXT: Final = {
    DeflectionStage.SERVED: 0.68,
    DeflectionStage.HANDED_ON: 0.09,
    DeflectionStage.CAME_BACK: 0.06,
    DeflectionStage.GAVE_UP: 0.17,
}
_OPENS_LINK: Final = 0.83


class Understands(Protocol):
    """Makes words and keys what a flow would hear (`sessions.typed.TypedInput` does)."""

    def said(self, line: str, listen: Listen, mode: Mode, *, today: date) -> FlowEvent: ...

    def pressed(self, line: str, listen: Listen, *, today: date) -> FlowEvent: ...


@dataclass(slots=True)
class Clock:
    """The time of one contact, UTC epoch seconds."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class House:
    """What all talks share. ``act`` runs an action on a day."""

    interpreter: Interpreter
    understand: Understands
    act: Callable[[str, Mapping[str, Json], date], Awaitable[Json]]
    zone: tzinfo


@dataclass(slots=True)
class Talk:
    """``account`` tells the time of ``clock``; ``dice`` are the contact's own."""

    house: House
    account: CallAccount
    caller: Caller
    clock: Clock
    language: Language
    dice: Random
    queues: Callable[[float], Mapping[str, Json]] = lambda now: {}
    """What flows are told of the queues at a time."""
    _conversation: Conversation = field(init=False)
    _events: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._conversation = Conversation(
            self.house.interpreter, world=lambda: self.queues(self.clock.now)
        )

    @property
    def state(self) -> FlowState:
        return self._conversation.state

    @property
    def _today(self) -> date:
        return datetime.fromtimestamp(self.clock.now, self.house.zone).date()

    async def begin(self, facts: Mapping[str, Json]) -> Transfer | None:
        """From the greeting on; gives the transfer to a queue that it stopped at, None where the
        contact is over and told to its end."""
        return await self.go_on(ContactStarted(facts))

    async def go_on(self, event: FlowEvent) -> Transfer | None:
        """The same from an event on, such as what came of the queue."""
        following: FlowEvent | None = event
        while following is not None:
            self._events += 1
            commands = self._conversation.receive(following)
            self.account.at_step(self.state.step)
            self._note_matter(heard_all=False)
            if self._events > LONGEST:
                self._end(Outcome.FAILED, "the flow goes round in circles")
                return None
            for command in commands[:-1]:
                self._do(command)
            last = commands[-1]
            if isinstance(last, Transfer) and last.queue:
                return last
            following = await self._await(last)
        return None

    def leave(self, reason: str = "caller hung up") -> None:
        """The caller hangs up, wherever the flow stands."""
        self._note_matter(heard_all=True)
        self._end(self.state.outcome_if_hung_up, reason)

    def _do(self, command: Command) -> None:
        match command:
            case Say(prompt):
                words = spoken.words(prompt, self.language, self._today)
                self.account.said(words)
                self.account.prompt_left(None)
                self.clock.now += speaking_s(words, self.language)
            case ChangeLanguage(language):
                self.language = language
            case OfferText(intent):
                self.account.deflected(DeflectionStage.OFFERED, intent)
            case CloseOffer(intent, declined):
                if declined:
                    self.account.deflected(DeflectionStage.DECLINED, intent)

    async def _await(self, command: Command) -> FlowEvent | None:
        """What comes of the command that waits; None where the contact is over."""
        match command:
            case Listen():
                return self._listen(command)
            case Act(action, arguments):
                return await self._act(action, arguments)
            case SendText(_, intent):
                self._text_goes(intent)
                return TextSent()
            case Transfer():
                self.clock.now += 4.0
                return TransferDone()
            case HangUp(outcome, reason):
                self._end(outcome, reason)
                return None
        raise AssertionError(f"{type(command).__name__} is no command that waits")

    async def _act(self, action: str, arguments: Mapping[str, Json]) -> FlowEvent:
        # Dice of its own: what a caller does next does not depend on it.
        dice = Random(f"{self.account.info.call_id} {self._events}")
        began = self.clock.now - dice.lognormvariate(*_ACTION_S)
        try:
            value = await self.house.act(action, arguments, self._today)
        except ActionError as error:
            self.account.acted(action, error.result, began)
            return ActionFailed(error.problem)
        self.account.acted(action, ActionResult.DONE, began)
        if action == ANSWER:
            self.account.looked_up(arguments, value)
        return ActionDone(value)

    # What the caller does

    def _listen(self, listen: Listen) -> FlowEvent | None:
        move = self.caller.move(
            self._question(), confirming=self.state.waiting is Waiting.CONFIRMATION
        )
        spoke_before = self.account.turns or self._events > 1
        latency = round(self.dice.lognormvariate(6.0, 0.3)) if spoke_before else None
        spoken_s = 0.0
        match move:
            case Leaves():
                self.leave()
                return None
            case Silence():
                self.clock.now += SILENCE_S
                self.account.heard(TurnResult.NOINPUT, None, latency_ms=latency)
                return NoInput()
            case Keys(digits):
                self.clock.now += 0.6 * len(digits)
                event = self.house.understand.pressed(digits, listen, today=self._today)
            case Says(words, confidence):
                spoken_s = speaking_s(words, self.language)
                self.clock.now += self.dice.uniform(0.3, 1.6) + spoken_s
                event = self.house.understand.said(words, listen, Mode.SPEECH, today=self._today)
                event = _as_sure(event, confidence)
        self._tell(event, latency, spoken_s)
        return event

    def _tell(self, event: FlowEvent, latency: float | None, spoken_s: float) -> None:
        barged_in = self.dice.random() < 0.12
        result, heard = TurnResult.NOMATCH, None
        if isinstance(event, InputMatched):
            result, heard = TurnResult.MATCH, event.heard
        else:
            text = event.text if isinstance(event, NoMatch) else ""
            sure = round(self.dice.uniform(0.1, 0.5), 3)
            heard = Heard(text, None, sure, Mode.SPEECH) if text else None
        spoke = (spoken_s, 0.0) if spoken_s else None
        self.account.heard(result, heard, latency_ms=latency, barged_in=barged_in, spoke=spoke)

    def _question(self) -> str:
        forms = self.state.forms
        if forms and forms[-1].at == self.state.frames and forms[-1].asking:
            return f"{self.state.step}/{forms[-1].asking}"
        offers = self.state.offers
        if offers.at == self.state.frames and offers.asking not in ("", Asking.WHETHER):
            return f"{self.state.step}/{offers.asking}"
        return self.state.step

    # What is told

    def _text_goes(self, intent: str) -> None:
        """The link is sent; how the conversation in text goes on is drawn."""
        self.account.deflected(DeflectionStage.ACCEPTED, intent)
        own_time = self.clock.now
        if self.dice.random() < _OPENS_LINK:
            self.clock.now += self.dice.uniform(15, 180)
            self.account.deflected(DeflectionStage.OPENED, intent)
            stage = self.dice.choices(list(_AFTER_TEXT), list(_AFTER_TEXT.values()))[0]
        else:
            stage = DeflectionStage.GAVE_UP
        self.clock.now += self.dice.uniform(60, 900)
        self.account.deflected(stage, intent)
        self.clock.now = own_time

    def _note_matter(self, *, heard_all: bool) -> None:
        self.account.is_about(self.state.matter(heard_all=heard_all), self.state.customer)

    def _end(self, outcome: Outcome, reason: str) -> None:
        self._note_matter(heard_all=True)
        self.account.ended(outcome, reason)


def _as_sure(event: FlowEvent, confidence: float) -> FlowEvent:
    """Words that are only near to an item are less sure by themselves."""
    if not isinstance(event, InputMatched):
        return event
    return InputMatched(replace(event.heard, confidence=event.heard.confidence * confidence))
