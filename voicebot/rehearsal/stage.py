"""What answers a flow's actions, transfers and texts in a test: stubs, then the sample database.

An action that neither answers is a fault of the test, not of the flow: a test never reaches a
configured database or another server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from voicebot.errors import ActionError
from voicebot.flows.commands import (
    CallbackAgreed,
    FlowEvent,
    SendText,
    TextNotSent,
    TextSent,
    Transfer,
    TransferDone,
    TransferMode,
    TransferRefused,
    TransferReturned,
)
from voicebot.flows.queue_steps import WHY
from voicebot.flows.vocabulary import BUILTIN_ACTIONS
from voicebot.rehearsal.compare import contains
from voicebot.rehearsal.earlier import as_told
from voicebot.rehearsal.model import DEFAULT_TALK_SECONDS, Answer, Setting, Stub
from voicebot.types import Json

RunAction: TypeAlias = Callable[[str, Mapping[str, Json]], Awaitable[Json]]


class Unanswered(ActionError):
    """Nothing in the test answers this action."""


class Stage:
    """One test's stubs; ``sample`` runs an action on the sample database or raises `Unanswered`."""

    def __init__(self, setting: Setting, sample: RunAction) -> None:
        self.today = setting.today
        """The day on which the call is made, None for that of the run."""
        self.history: dict[str, Json] = as_told(setting)
        """What is known of the caller's earlier contacts."""
        self._actions = setting.actions
        self._transfers = setting.transfers
        self._texts = setting.texts
        self._sample = sample
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

    def transfer(self, transfer: Transfer) -> FlowEvent:
        """What comes of a transfer; without a stub somebody takes it."""
        stub = self._transfers.get(transfer.target, ())
        answer = self._answer(stub, {})
        if answer is not None and answer.fails is not None:
            sent_away = bool(transfer.queue) and answer.fails in WHY
            return TransferRefused(answer.fails, answer.fails if sent_away else "")
        if transfer.callback:
            return CallbackAgreed()
        if answer is not None and isinstance(answer.value, dict):
            told = answer.value
            return TransferReturned(float(str(told["seconds"])), str(told["left"]), str(told["to"]))
        if transfer.mode is TransferMode.BRIDGE or transfer.queue:
            return TransferReturned(DEFAULT_TALK_SECONDS)
        return TransferDone()

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
