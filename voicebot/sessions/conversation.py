"""A flow's interpreter together with the state of one contact."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from voicebot.flows.commands import Command, Transfer
from voicebot.flows.events import ContactStarted, FlowEvent
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.state import FlowState
from voicebot.sessions.dialogue import Standing
from voicebot.types import Json


class Conversation(Standing):
    """One contact's way through the flows; channels feed it events and carry out its commands."""

    def __init__(
        self,
        interpreter: Interpreter,
        state: FlowState | None = None,
        world: Callable[[], Mapping[str, Json]] = dict,
        *,
        keeps_place: bool = False,
    ) -> None:
        """``state`` is that of a contact that comes from another channel, which `ContactStarted`
        then takes up where it stood; None begins a new one. ``world`` gives variables that change
        without the contact (how long queues are); they are looked at for every event.
        ``keeps_place``: the contact still has the place in a queue that its state tells of."""
        self._keeps_place = keeps_place
        self._world = world
        self._interpreter = interpreter
        self._moved = state is not None
        self.state = interpreter.begin(uuid.uuid4().hex) if state is None else state

    def receive(self, event: FlowEvent) -> list[Command]:
        """Give what is to be done next. Raises UsageError for an event nobody waits for."""
        state = replace(self.state, variables={**self.state.variables, **self._world()})
        if self._moved and isinstance(event, ContactStarted):
            self._moved = False
            self.state, commands = self._interpreter.rejoin(
                state, event.facts, keeps_place=self._keeps_place
            )
        else:
            self.state, commands = self._interpreter.receive(state, event)
        return commands

    def kept_transfer(self) -> Transfer | None:
        """The transfer whose queue keeps a place for the contact, which does something else."""
        return self._interpreter.kept_transfer(self.state)

    def moving(self) -> FlowState:
        """The state with which the contact goes on in text, while its link is being sent. Raises
        UsageError where none is."""
        return self._interpreter.moving(self.state)
