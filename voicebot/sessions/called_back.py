"""The flow of a caller who is called back: first the talk, then the way that they had before.

The caller and an agent are joined at once, as if the transfer that they waited in had only now been
answered. What comes after the talk is the flow's: where the agent sends the caller back, where a
queue takes nobody, where the caller chooses something else while they wait for another agent.
A transfer with ``callback`` that no caller waited in leads nowhere by itself: its `next` promises
the call, so that only a caller whom the agent sends back comes there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from voicebot.flows.commands import QUEUE_PREFIX, ChangeLanguage, Command, HangUp, Transfer
from voicebot.flows.events import ContactStarted, FlowEvent, TransferReturned
from voicebot.flows.state import FlowState
from voicebot.sessions.conversation import Conversation
from voicebot.sessions.dialogue import Standing
from voicebot.types import Outcome

_DONE: Final = HangUp(Outcome.TRANSFERRED, "called back")


@dataclass(slots=True)
class AfterCallback(Standing):
    """`Dialogue` of a call back from ``queue``. ``conversation`` has the state in which the
    callback was booked, or none that is known any more."""

    conversation: Conversation
    queue: str
    _talks: bool = True
    _comes_back: bool = False
    """Whether the flow goes on after any talk, as the caller waited in a transfer of its own."""
    _instead: list[Command] = field(default_factory=list)
    """Where the flow goes on, where the transfer is not in it any more."""

    @property
    def state(self) -> FlowState:  # type: ignore[override]
        return self.conversation.state

    def moving(self) -> FlowState:
        return self.conversation.moving()

    def kept_transfer(self) -> Transfer | None:
        """None: who was called back has their turn."""
        return None

    def receive(self, event: FlowEvent) -> list[Command]:
        """Give what is to be done next. Raises UsageError for an event nobody waits for."""
        if isinstance(event, ContactStarted):
            return self._join()
        talked, self._talks = self._talks, False
        left = isinstance(event, TransferReturned) and not event.to
        if talked and left and not self._comes_back:
            return [_DONE]
        if talked and self._instead:
            return self._instead
        return self.conversation.receive(event)

    def _join(self) -> list[Command]:
        commands = self.conversation.receive(ContactStarted({}))
        transfer = _to_queue(commands)
        if transfer is None:
            self._instead = commands
            return [Transfer(f"{QUEUE_PREFIX}{self.queue}", {})]
        self._comes_back = not transfer.callback
        tongue = [each for each in commands if isinstance(each, ChangeLanguage)]
        return [*tongue, replace(transfer, callback="")]


def _to_queue(commands: Iterable[Command]) -> Transfer | None:
    for command in commands:
        if isinstance(command, Transfer) and command.queue:
            return command
    return None
