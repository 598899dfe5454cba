"""What answers a flow's actions, transfers and texts in a test: stubs, then the sample database.

An action that neither answers is a fault of the test, not of the flow: a test never reaches a
configured database or another server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from voicebot.errors import ActionError
from voicebot.flows.commands import SendText, Transfer, TransferMode
from voicebot.flows.events import (
    CallbackAgreed,
    FlowEvent,
    TextNotSent,
    TextSent,
    TransferDone,
    TransferRefused,
    TransferReturned,
)
from voicebot.flows.facts import BUILTIN_ACTIONS
from voicebot.flows.queue_steps import WHY
from voicebot.queues.reader import QueueFile
from voicebot.rehearsal.compare import contains
from voicebot.rehearsal.earlier import as_told
from voicebot.rehearsal.model import DEFAULT_TALK_SECONDS, Answer, QueueAnswer, Setting, Stub
from voicebot.rehearsal.queue_play import waited, way_out
from voicebot.types import Json

RunAction: TypeAlias = Callable[[str, Mapping[str, Json]], Awaitable[Json]]


NO_QUEUES: Final = QueueFile()
FULL: Final = {"full": "length"}
"""What people call it when too many wait."""


class Unanswered(ActionError):
    """Nothing in the test answers this action."""


class Stage:
    """One test's stubs; ``sample`` runs an action on the sample database or raises `Unanswered`,
    ``queues`` are those of the application."""

    def __init__(self, setting: Setting, sample: RunAction, queues: QueueFile = NO_QUEUES) -> None:
        self.today = setting.today
        """The day on which the call is made, None for that of the run."""
        self.history: dict[str, Json] = as_told(setting)
        """What is known of the caller's earlier contacts."""
        self._actions = setting.actions
        self._transfers = setting.transfers
        self._texts = setting.texts
        self._sample = sample
        self._queues = queues
        self._agent_rings = False
        self._given: dict[int, int] = {}
        self.unanswered: str | None = None
        """The action that nothing answered, if any."""

    async def act(self, name: str, arguments: Mapping[str, Json]) -> Json:
        """Run an action. Raises ActionError where the test or the database wants it to fail."""
        stub = self._actions.get(name)
        try:
            if not stub and name in BUILTIN_ACTIONS:
                return dict(self.history)
            if not stub:
                return await self._sample(name, arguments)
            answer = self._answer(stub, arguments)
            if answer is None:
                raise Unanswered(name, "no answer of the test fits these arguments")
        except Unanswered:
            self.unanswered = name
            raise
        if answer.fails is not None:
            raise ActionError(name, answer.fails)
        return answer.value

    def agent_rings(self) -> None:
        """An agent comes for the caller, who waits or has waited in a queue."""
        self._agent_rings = True

    def transfer(self, transfer: Transfer) -> FlowEvent | None:
        """What comes of a transfer; without a stub somebody takes it. None where the caller goes
        on waiting in a queue."""
        answer = self._answer(self._transfers.get(transfer.target, ()), {})
        if answer is not None and answer.fails is not None:
            return self._refused(transfer, answer.fails)
        if transfer.callback:
            return CallbackAgreed(transfer.callback_at)
        rings, self._agent_rings = self._agent_rings, False
        if isinstance(answer, QueueAnswer) and not rings:
            if answer.waits:
                return None
            to = waited(self._queues, transfer, answer.after_s)
            if to is not None:
                return TransferRefused("wait", "wait", to)
            if answer.after_s is None:
                return None
        if answer is not None and isinstance(answer.value, dict):
            told = answer.value
            return TransferReturned(float(str(told["seconds"])), str(told["left"]), str(told["to"]))
        if transfer.mode is TransferMode.BRIDGE or transfer.queue:
            return TransferReturned(DEFAULT_TALK_SECONDS)
        return TransferDone()

    def _refused(self, transfer: Transfer, why: str) -> TransferRefused:
        why = FULL.get(why, why) if transfer.queue else why
        if not transfer.queue or why not in WHY:
            return TransferRefused(why)
        return TransferRefused(why, why, way_out(self._queues, transfer.queue, why))

    def text(self, text: SendText) -> FlowEvent:
        """What comes of a link to go on in text; without a stub it is sent."""
        answer = self._answer(self._texts.get(text.intent, ()), {})
        if answer is not None and answer.fails is not None:
            return TextNotSent(answer.fails)
        return TextSent()

    def _answer(self, stub: Stub, arguments: Mapping[str, Json]) -> Answer | None:
        for answer in stub:
            used = self._given.get(id(answer), 0)
            fresh = answer.times is None or used < answer.times
            if fresh and contains(dict(answer.when), dict(arguments)):
                self._given[id(answer)] = used + 1
                return answer
        return None
