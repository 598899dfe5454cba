"""A conversation in text as it is written down: its record and its lines.

Neither is ever ahead of what is stored. New lines wait until they are committed, together with the
record as it stands then. Left out on purpose: what the lines say (`chat_flow`, `chat`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from voicebot.errors import TextRefused
from voicebot.events import QuestionMasked, QuestionUnanswered
from voicebot.flows.cards import Card
from voicebot.sessions.cards import shown
from voicebot.sessions.chat_reading import Reading
from voicebot.sessions.chat_records import (
    MAX_LINES,
    MAX_TEXT,
    ChatChange,
    ChatLine,
    ChatRecord,
    ChatStore,
    Who,
)
from voicebot.sessions.pieces import Pieces, reworded_lines
from voicebot.types import Outcome


class WrittenChat:
    """One conversation in ``store``. ``changed`` is called whenever something was stored."""

    def __init__(
        self,
        record: ChatRecord,
        lines: Sequence[ChatLine],
        store: ChatStore,
        changed: Callable[[], None],
    ) -> None:
        self.record = record
        self.lines = list(lines)
        self.typing = False
        """Whether more is to come at once."""
        self._store = store
        self._changed = changed
        self._known = _ids_of(lines)
        self._fresh: list[ChatLine] = []
        self._gap: Reading | None = None
        """What our next line tells of the message that it answers: there is no answer."""
        self._pieces = Pieces()
        self._reworded: set[int] = set()

    @property
    def over(self) -> bool:
        return self.record.ended_at is not None

    def known(self, who: Who, client_id: str) -> int | None:
        """The cursor of a message that has come before."""
        return self._known.get((who, client_id))

    def reworded(self, until: int) -> tuple[ChatLine, ...]:
        """The lines up to the cursor ``until`` that were told with other words before."""
        return tuple(self.lines[cursor - 1] for cursor in sorted(self._reworded) if cursor <= until)

    def checked(self, message: str) -> str:
        """The words of a message. Raises TextRefused ('long', 'size', 'empty')."""
        # A message written before the limits were hit is still idempotent: those are known.
        words = " ".join("".join(c if c.isprintable() else " " for c in message).split())
        if len(message) > MAX_TEXT:
            raise TextRefused("size", f"a message has at most {MAX_TEXT} characters")
        if not words:
            raise TextRefused("empty", "there is nothing in this message")
        if len(self.lines) >= MAX_LINES:
            raise TextRefused("long", "this conversation is too long; please begin another one")
        return words

    def add(
        self,
        channel: str,
        who: Who,
        words: str,
        now: float,
        client_id: str = "",
        reading: Reading | None = None,
        name: str = "",
    ) -> int:
        """Add a line; gives its cursor, 0 where there is nothing to say."""
        if not words:
            return 0
        if who is Who.BOT:
            reading, self._gap = self._gap, None
        cursor = self._next_cursor
        line = ChatLine(cursor, now, channel, who, words, client_id, reading=reading, name=name)
        self._fresh.append(line)
        return cursor

    def say(self, words: str, now: float) -> None:
        """Add a line of ours."""
        self.add(self.record.channel, Who.BOT, words, now)

    def show(self, card: Card, now: float) -> None:
        """Add a card."""
        seen = shown(card, self.record.language, date.today())
        cursor, channel = self._next_cursor, self.record.channel
        self._fresh.append(ChatLine(cursor, now, channel, Who.BOT, seen.as_text(), card=seen))

    @property
    def _next_cursor(self) -> int:
        return self.record.cursor + len(self._fresh) + 1

    def not_answered(self, step: str) -> None:
        """Our next line tells that nothing answers what was asked at ``step``."""
        self._gap = Reading.gap(step)

    def asked(self, gap: QuestionUnanswered) -> QuestionUnanswered:
        """The gap as it is to be written down."""
        return self._pieces.asked(gap)

    def masked_gaps(self) -> list[QuestionMasked]:
        """See `Pieces.masked_gaps`."""
        return self._pieces.masked_gaps()

    async def commit(self, record: ChatRecord, now: float, *, typing: bool = False) -> None:
        """Store the lines that are new, and the record as it is now. Raises TextRefused 'moved',
        StorageError."""
        after = self.record.cursor
        lines, reworded = reworded_lines(self._pieces, self.lines, self._fresh)
        self._fresh = []
        record = replace(record, cursor=after + len(lines), active_at=now)
        if not await self._store.commit(ChatChange(record, after, lines, reworded)):
            raise TextRefused("moved", "this conversation is open elsewhere; please reload")
        self.record = record
        for line in reworded:
            self.lines[line.cursor - 1] = line
            self._reworded.add(line.cursor)
        self.lines += lines
        self._known |= _ids_of(lines)
        self.typing = typing
        self._changed()

    async def end(
        self, record: ChatRecord, outcome: Outcome | None, reason: str, now: float
    ) -> None:
        """The same, and it is over. Raises TextRefused 'moved', StorageError."""
        ended = replace(record, ended_at=now, outcome=outcome, reason=reason, stand=None)
        await self.commit(ended, now)


def _ids_of(lines: Sequence[ChatLine]) -> dict[tuple[Who, str], int]:
    """Where messages stand that may come again, by who sent them and the sender's id."""
    return {(line.who, line.client_id): line.cursor for line in lines if line.client_id}
