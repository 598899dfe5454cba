"""Everything known of one contact: what the caller and the bot said, and the times before.

`card_of` is pure; `read_card` asks the records, each within `LIMIT_S`: what is late or broken is
left out, and the card says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog

from voicebot.desk.contacts import AtDesk, Ringing
from voicebot.desk.looking_up import says_enough
from voicebot.desk.notes import Note
from voicebot.desk.services import DeskServices
from voicebot.errors import StorageError
from voicebot.sessions.chat_records import Who
from voicebot.sessions.history import DAY_S, Contact, told
from voicebot.sessions.records import CallRecord, TurnRecord
from voicebot.types import CallId, Mode

log = structlog.get_logger(__name__)

LIMIT_S: Final = 2.0
DAYS: Final = 90
MOST_CONTACTS: Final = 10
MOST_TURNS: Final = 60

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Known:
    """What the records say; ``complete`` is false where some of it could not be read."""

    record: CallRecord | None
    contacts: Sequence[Contact]
    notes: Sequence[Note]
    complete: bool = True


async def read_card(services: DeskServices, contact: AtDesk | Ringing) -> dict[str, Any]:
    """The card of a contact that rings or stands at a desk. Never raises."""
    now = services.clock()
    record, record_read = await _softly(services.archive.get_call(CallId(contact.contact_id)), None)
    contacts: Sequence[Contact] = ()
    contacts_read = True
    if services.histories is not None and contact.party:
        contacts, contacts_read = await _softly(
            services.histories.by_number(
                contact.party, since=now - DAYS * DAY_S, until=now, limit=MOST_CONTACTS
            ),
            (),
        )
    ids = [contact.contact_id, *(each.call_id for each in contacts)]
    notes, notes_read = await _softly(services.notes.about(ids), ())
    complete = record_read and contacts_read and notes_read
    card = card_of(contact.contact_id, Known(record, contacts, notes, complete), now)
    # What is written with a contact on the desk comes by itself.
    lines = contact.lines if isinstance(contact, AtDesk) else contact.written
    card["lines"] = [{"who": str(line.who), "text": line.text, "at": line.at} for line in lines]
    asked = [line.text for line in contact.written if line.who is Who.CALLER]
    enough = [text for text in asked if says_enough(text)]
    card["asked"] = enough[-1] if enough else card["asked"]
    return card


async def _softly(asked: Awaitable[_T], otherwise: _T) -> tuple[_T, bool]:
    try:
        async with asyncio.timeout(LIMIT_S):
            return await asked, True
    except (StorageError, TimeoutError):
        log.warning("card_not_complete")
        return otherwise, False


def card_of(contact_id: str, known: Known, now: float) -> dict[str, Any]:
    """``turns`` of the bot's conversation, ``asked``: the caller's last words in it, ``tried``: the
    steps it went through, ``before``: the contacts before this one, newest first, and ``open``,
    the newest matter among them that was not closed."""
    turns = () if known.record is None else known.record.turns[-MOST_TURNS:]
    before = [each for each in known.contacts if each.call_id != contact_id]
    return {
        "contact": contact_id,
        "complete": known.complete,
        "turns": [_turn(each) for each in turns],
        "asked": last_words(turns),
        "tried": list(dict.fromkeys(turn.step for turn in turns)),
        "open": told(before, now)["open"],
        "before": [_contact(each, known.notes) for each in before],
        "notes": [_note(note) for note in known.notes if note.contact_id == contact_id],
    }


def last_words(turns: Sequence[TurnRecord]) -> str:
    """What the caller said last in their own words; empty where they only pressed keys."""
    for turn in reversed(turns):
        if turn.heard is not None and turn.heard.mode is not Mode.DTMF and turn.heard.text:
            return turn.heard.text
    return ""


def _turn(turn: TurnRecord) -> dict[str, Any]:
    heard = turn.heard
    return {
        "at": turn.at,
        "step": turn.step,
        "said": turn.prompt,
        "heard": "" if heard is None else heard.text,
        "keys": heard is not None and heard.mode is Mode.DTMF,
        "understood": turn.result.value == "match",
    }


def _contact(contact: Contact, notes: Sequence[Note]) -> dict[str, Any]:
    matter = contact.matter
    return {
        "at": contact.at,
        "outcome": contact.outcome.value,
        "about": "" if matter is None else matter.about,
        "open": matter is not None and matter.open,
        "notes": [_note(note) for note in notes if note.contact_id == contact.call_id],
    }


def _note(note: Note) -> dict[str, Any]:
    return {"agent": note.agent, "at": note.at, "code": note.code, "text": note.text}
