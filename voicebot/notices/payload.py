"""Facts as receivers see them. Pure, but for what it remembers of calls that run.

A fact alone says little: that a call has ended, but not on which line. So what is known of a call
goes with its later notices; of a call that began before the last start of the server, less is.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from voicebot.events import (
    CallAnswered,
    CallEnded,
    CallEvent,
    CallStarted,
    DeflectionReached,
    MatterNoted,
    QueueNoted,
)
from voicebot.notices.model import Hook, Kind, Notice
from voicebot.types import CallId, Json

MOST_CALLS: Final = 5000
"""Calls that are remembered, the last ones; past their end too, for what is told late."""
SHOWN_DIGITS: Final = 2


@dataclass(slots=True)
class _Call:
    started: CallStarted | None = None
    answered_at: float | None = None
    matter: str | None = None
    customer: str = ""


class Teller:
    """`Telling` for ``hooks``; ``stir`` is called when something waits for them."""

    def __init__(self, hooks: Sequence[Hook], stir: Callable[[], None] = lambda: None) -> None:
        self._hooks = hooks
        self._stir = stir
        self._calls: OrderedDict[CallId, _Call] = OrderedDict()

    def of(self, event: CallEvent) -> list[Notice]:
        """One notice for each hook that wants to know."""
        call = self._remember(event)
        kind = _kind(event)
        if kind is None:
            return []
        wanted = [hook for hook in self._hooks if kind in hook.kinds]
        return [_notice(hook, kind, event, call) for hook in wanted]

    def kept(self) -> None:
        """Somebody should send them now."""
        self._stir()

    def _remember(self, event: CallEvent) -> _Call:
        call = self._calls.setdefault(event.call_id, _Call())
        self._calls.move_to_end(event.call_id)
        while len(self._calls) > MOST_CALLS:
            self._calls.popitem(last=False)
        match event:
            case CallStarted():
                call.started = event
            case CallAnswered():
                call.answered_at = event.at
            case MatterNoted():
                call.matter = event.matter.about if event.matter else None
                call.customer = event.customer
        return call


def _kind(event: CallEvent) -> Kind | None:
    match event:
        case CallStarted():
            return Kind.CALL_STARTED
        case CallAnswered():
            return Kind.CALL_ANSWERED
        case CallEnded():
            return Kind.CALL_ENDED
        case DeflectionReached():
            return Kind.DEFLECTION_REACHED
        case QueueNoted():
            return Kind.QUEUE_NOTED
    return None


def _notice(hook: Hook, kind: Kind, event: CallEvent, call: _Call) -> Notice:
    told: dict[str, Json] = {
        "kind": kind,
        "at": _time(event.at),
        "call": event.call_id,
        **_line(call.started, hook.personal),
        **_details(event, call, hook.personal),
    }
    plain = json.dumps([hook.name, told], ensure_ascii=False, sort_keys=True)
    id_ = hashlib.sha256(plain.encode(errors="surrogatepass")).hexdigest()[:32]
    body = json.dumps({"id": id_, **told}, ensure_ascii=True)
    return Notice(hook.name, id_, event.call_id, kind, body, event.at)


def _line(started: CallStarted | None, personal: bool) -> dict[str, Json]:
    """What is known of the line; nothing where the call is older than we are."""
    if started is None:
        return {}
    inbound = started.direction == "inbound"
    return {
        "direction": started.direction,
        "door": started.transport,
        "caller": started.caller if personal or not inbound else masked(started.caller),
        "callee": started.callee if personal or inbound else masked(started.callee),
        "flow": started.flow,
        "language": started.language,
        "version": started.version,
    }


def _details(event: CallEvent, call: _Call, personal: bool) -> dict[str, Json]:
    match event:
        case CallAnswered():
            return {"answered_by": event.answered_by or None}
        case CallEnded():
            answered = call.answered_at
            details: dict[str, Json] = {
                "outcome": event.outcome,
                "reason": event.reason,
                "seconds": None if answered is None else round(event.at - answered, 3),
                "matter": call.matter,
            }
            return {**details, "customer": call.customer or None} if personal else details
        case DeflectionReached():
            return {"stage": event.stage, "intent": event.intent or None}
        case QueueNoted():
            return {
                "queue": event.queue,
                "waited_s": None if event.waited_s is None else round(event.waited_s, 3),
                "agent": event.agent or None,
                "handled_s": round(event.handled_s, 3),
                "wrapped_s": round(event.wrapped_s, 3),
                "called_back": event.called_back,
            }
    return {}


def masked(party: str) -> str:
    """A number without what tells whose it is: '***17'; '***' for a name or a short number."""
    digits = [sign for sign in party if sign.isdigit()]
    return "***" + ("".join(digits[-SHOWN_DIGITS:]) if len(digits) > 3 * SHOWN_DIGITS else "")


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
