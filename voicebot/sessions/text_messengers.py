"""Lines of ours for callers who write from elsewhere than a page, which would look for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_records import PAGE, ChatLine, ChatRecord, Who
from voicebot.sessions.invitation import TextTo


class Messengers:
    """``post`` sends a line to where there is no page; it is set once channels are there."""

    def __init__(self) -> None:
        self.post: Callable[[TextTo], Awaitable[None]] | None = None

    async def send(self, session: ChatSession, after: int, to: int | None = None) -> None:
        """Bring our lines from ``after`` on to a channel that is no page."""
        record = session.record
        if self.post is None or record.channel == PAGE or not record.sender:
            return
        for line in session.lines[after:to]:
            if line.who is not Who.CALLER:
                await self.post(line_to(record, line))


def line_to(record: ChatRecord, line: ChatLine, replies: tuple[str, ...] = ()) -> TextTo:
    """A line for who writes on a channel of no page of ours."""
    return TextTo(
        record.channel,
        record.sender,
        record.id,
        line.cursor,
        line.text,
        replies,
        line.card,
        line.who.value,
        line.name,
    )
