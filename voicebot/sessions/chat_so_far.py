"""What was written so far in a conversation that goes on, as turns of its contact.

The records get a conversation's turns once it is over (`chat_ledger`); until then whoever looks at
the contact reads them here, from the conversation's own lines, in which secrets are hidden already.

Left out on purpose: conversations that no call's contact is known of yet. They have no record.
"""

from __future__ import annotations

from voicebot.sessions.chat_records import ChatStore
from voicebot.sessions.chat_turns import Numbers, turns_of
from voicebot.sessions.records import TurnRecord
from voicebot.types import CallId


class WrittenSoFar:
    """Reads conversations of ``store`` that go on."""

    def __init__(self, store: ChatStore) -> None:
        self._store = store

    async def of(self, contact: CallId) -> tuple[TurnRecord, ...] | None:
        """The turns that a call's contact has in text by now; None where it has no conversation
        that goes on. Raises StorageError."""
        record = await self._store.by_contact(contact)
        if record is None:
            return None
        lines = await self._store.lines(record.id)
        return tuple(
            TurnRecord(
                turn.index,
                turn.at,
                turn.step,
                turn.prompt,
                turn.result,
                turn.heard,
                turn.latency_ms,
                turn.barged_in,
                turn.said_at,
                turn.heard_from,
                turn.heard_until,
                turn.channel,
            )
            for turn in turns_of(record, lines, contact, Numbers.AFTER_A_CALL)
        )
