"""Calls that flows ask for in text instead of a wait: only to numbers that such calls may go to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from voicebot.acd.model import Channel
from voicebot.errors import RoutingError
from voicebot.flows.commands import Transfer
from voicebot.flows.events import CallbackAgreed, FlowEvent, TransferRefused
from voicebot.sessions.place import Place
from voicebot.sessions.queue_handoff import Comer, Queueing
from voicebot.types import Language

log = structlog.get_logger(__name__)


class TextCallbacks:
    """``may_call`` gives a number as it is called back, None for one that is not, and is set once
    the rules for that are there. Where nothing is promised, the caller waits in text."""

    def __init__(self) -> None:
        self.may_call: Callable[[str], str | None] = lambda number: None

    def promised(
        self, comer: Comer, transfer: Transfer, language: Language, queueing: Queueing
    ) -> FlowEvent | None:
        """What the flow is told where somebody without a place will be called as ``transfer`` asks,
        or cannot be at that time; None for one who is to wait."""
        number = self.may_call(transfer.callback) if transfer.callback else None
        if number is None:
            return None
        at = queueing.appointment(transfer)
        if isinstance(at, TransferRefused):
            return at
        by_voice = replace(comer, channel=Channel.VOICE)
        try:
            return queueing.promise(by_voice, transfer, language, number, at)
        except RoutingError as error:
            log.info("callback_not_promised", problem=str(error))
            return None

    def booked(self, place: Place, transfer: Transfer, queueing: Queueing) -> CallbackAgreed | None:
        """What the flow is told where who waits at ``place`` will be called; None: they wait on."""
        number = self.may_call(transfer.callback)
        if number is None:
            return None
        at = queueing.appointment(transfer)
        try:
            if isinstance(at, TransferRefused):
                raise RoutingError(at.problem)
            queueing.service.book(place, number, at)
        except RoutingError as error:
            log.info("callback_not_booked", problem=str(error))
            return None
        return queueing.agreed(transfer, at)
