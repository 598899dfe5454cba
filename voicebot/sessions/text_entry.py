"""How a conversation in text gets its place in a queue: a new one, or the one that it had."""

from __future__ import annotations

import structlog

from voicebot.acd import effects as e
from voicebot.acd.model import Channel, ContactId
from voicebot.errors import RoutingError
from voicebot.events import QueueNoted
from voicebot.flows.commands import Transfer
from voicebot.flows.events import FlowEvent, TransferRefused
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_records import ChatRecord, Stand
from voicebot.sessions.numbers import caller_number
from voicebot.sessions.place import Place
from voicebot.sessions.queue_handoff import Comer, Kept, Queueing
from voicebot.sessions.text_callbacks import TextCallbacks

log = structlog.get_logger(__name__)


def enter(
    session: ChatSession, transfer: Transfer, queueing: Queueing, callbacks: TextCallbacks
) -> Place | FlowEvent:
    """Let a conversation wait where ``transfer`` leads; what its flow is told at once where it does
    not wait. A place that is in the records is taken up again."""
    record, stand, kept = session.record, session.record.stand, None
    if stand is not None and not session.is_new_in_line:
        kept = Kept(stand.since, stand.queue, stand.head or bool(stand.agent))
        _remember(record, stand, queueing)
    comer = _comer(session)
    try:
        language = record.language
        if kept is None:
            told = callbacks.promised(comer, transfer, language, queueing)
            if told is not None:
                return told
        place = queueing.enter(comer, transfer, language, kept)
    except RoutingError as error:
        log.warning("queue_not_entered", queue=transfer.queue, problem=str(error))
        return TransferRefused(str(error))
    while (notice := place.met()) is not None:
        if isinstance(notice, e.Overflowed):
            queueing.service.left(place, "sent away")
            return queueing.refusal(notice)
    return place


def noted_of(record: ChatRecord, queueing: Queueing) -> QueueNoted | None:
    """What became of a conversation in the queues so far."""
    return queueing.service.noted(ContactId(record.contact_id)) or record.noted


def _comer(session: ChatSession) -> Comer:
    record, state = session.record, session.state
    told = {} if state is None else state.told
    caller = record.sender or str(told.get("caller") or "")
    party = caller_number(caller.rpartition(":")[2])
    return Comer(ContactId(record.contact_id), caller, party, Channel.TEXT)


def _remember(record: ChatRecord, stand: Stand, queueing: Queueing) -> None:
    """Go on counting the wait and the talks of before a restart."""
    contact_id = ContactId(record.contact_id)
    if queueing.service.noted(contact_id) is None:
        noted = record.noted or QueueNoted(record.contact_id, stand.since, stand.queue, 0.0)
        waiting_since = None if stand.agent else stand.waits_since
        queueing.service.remember(noted, waiting_since)
