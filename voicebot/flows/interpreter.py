"""The pure interpreter: events go in (`flows.events`), commands come out (`flows.commands`).

No input or output, no clock: voice, keypad, text, the terminal and the tests all drive this one.

    interpreter = Interpreter(load_flows(folder))
    state, commands = interpreter.receive(interpreter.begin(), ContactStarted({"caller": "..."}))
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from voicebot.errors import UsageError
from voicebot.flows import (
    answers,
    forms,
    meanwhile,
    offers,
    questions,
    stepped_in,
    taking_steps,
    trouble,
    understanding,
)
from voicebot.flows.commands import Command, Transfer, queue_of
from voicebot.flows.events import (
    ActionDone,
    ActionFailed,
    Ambiguous,
    CallbackAgreed,
    ContactStarted,
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
from voicebot.flows.frustration import feel
from voicebot.flows.model import FlowSet
from voicebot.flows.once import Once
from voicebot.flows.queue_steps import way_out
from voicebot.flows.rejoin import rejoin
from voicebot.flows.state import FlowState, Frame, Frames, Waiting
from voicebot.flows.steps import ActStep, AnswerStep, FormStep, OfferStep, TransferStep
from voicebot.flows.walk import Walk
from voicebot.types import Json, Outcome


class Interpreter:
    """Runs the flows of an application, from the flow ``start`` on. Holds no contact's state."""

    def __init__(self, flows: FlowSet, start: str = "main", once: Collection[str] = ()) -> None:
        """``once`` are the actions that one contact does not do twice (`flows.once`).

        Raises UsageError where there is no flow ``start``.
        """
        self._flows = flows
        self._start = flows[start]
        self._once = once

    @property
    def flows(self) -> FlowSet:
        """All flows of the application."""
        return self._flows

    def begin(self, contact: str = "") -> FlowState:
        """The state of a contact that has not begun; it waits for `ContactStarted`.

        ``contact`` tells it from all others; without it nothing is known to be done already.
        """
        facts: dict[str, Json] = {"language": str(self._start.language), "frustration": 0.0}
        return FlowState(
            (Frame(self._start.name, self._start.start.name),),
            variables=facts,
            speaks=self._start.language,
            once=Once(contact),
        )

    def receive(self, state: FlowState, event: FlowEvent) -> tuple[FlowState, list[Command]]:
        """Answer ``event`` with any number of `Say` and one command that waits or ends.

        Raises UsageError for an event that nobody waits for; ``state`` is as good as before.
        """
        walk = self.follow(state, event)
        return walk.state, walk.commands

    def follow(self, state: FlowState, event: FlowEvent) -> Walk:
        """The same as `receive`, as a walk that also holds its ``trail``: for who tests a flow."""
        handler = _TRANSITIONS.get((state.waiting, type(event)))
        if handler is None:
            raise UsageError(f"{type(event).__name__} while waiting for {state.waiting}")
        served = state.served or state.served_when_heard
        noted = state.noted.settled() if state.noted is not None else None
        state = replace(state, served=served, served_when_heard=False, noted=noted)
        walk = self._walk(_felt(state, event))
        if state.waiting in _HEARS and questions.asks_secret(walk):
            # What the caller said last is remembered, to tell when it comes again: not a secret.
            walk.state = replace(walk.state, mood=replace(walk.state.mood, words=""))
        handler(walk, event)
        offers.close_if_left(walk)
        return walk

    def rejoin(
        self, state: FlowState, facts: Mapping[str, Json], *, keeps_place: bool = False
    ) -> tuple[FlowState, list[Command]]:
        """Take up a contact from another channel or another version of the flows, as if it began:
        ``facts`` are as in `ContactStarted`. The channel is told the contact's language, where it
        is not that of the first flow. ``keeps_place``: what queue the contact has a place in, it
        still has. See `flows.rejoin`. Raises nothing."""
        walk = self._walk(replace(state, speaks=self._start.language))
        rejoin(walk, facts, self.begin(), keeps_place=keeps_place)
        return walk.state, walk.commands

    def with_place(self, state: FlowState, frames: Frames) -> FlowState:
        """The state of a contact that has a place in a queue from now on, for which the transfer
        at ``frames`` waits; unchanged where these flows have no such transfer."""
        return meanwhile.with_place(self._flows, state, frames)

    def kept_transfer(self, state: FlowState) -> Transfer | None:
        """The transfer whose queue keeps a place for a contact that listens; None where none
        does."""
        if not state.queued or state.waiting not in _HEARS:
            return None
        _, commands = self.receive(state, TurnCame(answered=True))
        last = commands[-1]
        return last if isinstance(last, Transfer) else None

    def moving(self, state: FlowState) -> FlowState:
        """The state with which a contact goes on in text, while its link is being sent.

        Raises UsageError where no link is being sent.
        """
        if state.waiting is not Waiting.TEXT:
            raise UsageError(f"a contact cannot be sent a link while waiting for {state.waiting}")
        return offers.moving_state(self._flows, state)

    def _walk(self, state: FlowState) -> Walk:
        return Walk(self._flows, state, taking_steps.take, self._once)


def _felt(state: FlowState, event: FlowEvent) -> FlowState:
    """What happened makes the caller more or less patient, before anything is answered."""
    language = str(state.variables.get("language") or "")
    mood = feel(state.mood, event, state.counts.in_a_row, language)
    if mood == state.mood:
        return state
    variables = {**state.variables, "frustration": round(mood.level, 2)}
    return replace(state, mood=mood, variables=variables)


def _started(walk: Walk, event: ContactStarted) -> None:
    begun_in = walk.state.variables.get("language")
    walk.set(**event.facts)
    # A language that no flow speaks is none to begin in.
    walk.set(language=begun_in)
    walk.change_language(str(event.facts.get("language") or ""))
    walk.run()


def _matched(walk: Walk, event: InputMatched) -> None:
    match walk.step:
        case AnswerStep():
            answers.understand(walk, event.heard)
        case FormStep():
            forms.understand(walk, event.heard)
        case OfferStep():
            offers.understand(walk, event.heard)
        case TransferStep():
            meanwhile.answered(walk, event.heard)
        case _:
            understanding.understand(walk, event.heard)


def _nomatch(walk: Walk, event: NoMatch) -> None:
    if isinstance(walk.step, TransferStep):
        meanwhile.answered(walk, None)
        return
    (forms if isinstance(walk.step, FormStep) else trouble).nomatch(walk)


def _noinput(walk: Walk, event: NoInput) -> None:
    if isinstance(walk.step, AnswerStep):
        answers.noinput(walk)
        return
    if isinstance(walk.step, TransferStep):
        meanwhile.answered(walk, None)
        return
    (forms if isinstance(walk.step, FormStep) else trouble).noinput(walk)


def _listening_failed(walk: Walk, event: RecognitionFailed) -> None:
    if isinstance(walk.step, TransferStep):
        meanwhile.answered(walk, None)
        return
    trouble.listening_failed(walk)


def _action_done(walk: Walk, event: ActionDone) -> None:
    step = walk.step
    if isinstance(step, AnswerStep):
        answers.found(walk, step, event.value)
        return
    assert isinstance(step, ActStep)
    taking_steps.acted(walk, step, event.value)
    walk.run()


def _action_failed(walk: Walk, event: ActionFailed) -> None:
    step = walk.step
    if isinstance(step, AnswerStep):
        answers.failed(walk, step, event.problem)
        return
    assert isinstance(step, ActStep)
    walk.state = replace(walk.state, once=walk.state.once.failed())
    walk.set(problem=event.problem)
    walk.go(step.on_error.name)
    walk.run()


def _transfer_done(walk: Walk, event: TransferDone) -> None:
    step = walk.step
    assert isinstance(step, TransferStep)
    walk.end(Outcome.TRANSFERRED, f"transferred to {step.transfer.name}")


def _transfer_returned(walk: Walk, event: TransferReturned) -> None:
    step = walk.step
    assert isinstance(step, TransferStep)
    stepped_in.talked(walk, event)
    walk.state = replace(walk.state, handed_over=True, waiting=Waiting.NOTHING)
    if step.next is None:
        walk.end(Outcome.TRANSFERRED, f"transferred to {step.transfer.name}")
        return
    walk.go(step.next.name)
    walk.run()


def _transfer_refused(walk: Walk, event: TransferRefused) -> None:
    step = walk.step
    assert isinstance(step, TransferStep)
    walk.set(problem=event.problem)
    # The wait for a person is over: a flow that ends here does not end in the queue.
    told = replace(walk.state.offers, nobody_free=True)
    walk.state = replace(walk.state, waiting=Waiting.NOTHING, offers=told)
    stepped_in.unavailable(walk, event)
    walk.go(way_out(step, event.why).name)
    walk.run()


def _callback_agreed(walk: Walk, event: CallbackAgreed) -> None:
    step = walk.step
    assert isinstance(step, TransferStep)
    walk.state = replace(walk.state, called_back=True, waiting=Waiting.NOTHING)
    walk.set(transfer={"at": event.at or None})
    if step.next is None:
        walk.end(Outcome.CALLBACK_BOOKED, f"callback from {queue_of(step.transfer.name)}")
        return
    walk.go(step.next.name)
    walk.run()


_HEARS = frozenset({Waiting.INPUT, Waiting.CONFIRMATION})

_LISTENING: Mapping[type[Any], Callable[[Walk, Any], None]] = {
    InputMatched: _matched,
    NoMatch: _nomatch,
    Ambiguous: lambda walk, event: trouble.ambiguous(walk, event.options),
    NoInput: _noinput,
    RecognitionFailed: _listening_failed,
    TurnCame: lambda walk, event: meanwhile.turn_came(walk, answered=event.answered),
    TransferReturned: stepped_in.returned,
    TransferRefused: stepped_in.refused,
}

_TRANSITIONS: Mapping[tuple[Waiting, type[Any]], Callable[[Walk, Any], None]] = {
    (Waiting.START, ContactStarted): _started,
    **{(Waiting.INPUT, event): handler for event, handler in _LISTENING.items()},
    **{(Waiting.CONFIRMATION, event): handler for event, handler in _LISTENING.items()},
    (Waiting.ACTION, ActionDone): _action_done,
    (Waiting.ACTION, ActionFailed): _action_failed,
    (Waiting.TRANSFER, TransferDone): _transfer_done,
    (Waiting.TRANSFER, TransferReturned): _transfer_returned,
    (Waiting.TRANSFER, TransferRefused): _transfer_refused,
    (Waiting.TEXT, TextSent): lambda walk, event: offers.text_sent(walk),
    (Waiting.TEXT, TextNotSent): lambda walk, event: offers.text_not_sent(walk, event.problem),
    (Waiting.TRANSFER, CallbackAgreed): _callback_agreed,
    (Waiting.TRANSFER, InputMatched): lambda walk, event: meanwhile.chosen(walk, event.heard),
}
