"""What callers' pages see of a conversation that is in a queue, and what agents see of the pages.

Where it stands is a state that changes, and no line: a page that is followed looks again when it is
another. Left out on purpose: lines for pages, which come with every view (`ChatSession.view`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Final

from voicebot.acd.model import ContactId
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_records import PAGE, ChatLine
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.chat_view import ChatView
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.text_standing_by import StandingBy, in_line
from voicebot.sessions.text_stays import Stays
from voicebot.sessions.waking import CallLater

AWAY_S: Final = 10.0
"""How long a caller's page may be gone before the agent is told: pages that ask come and go."""


class TextPages:
    """The pages of conversations on ``shelf``: those of ``stays`` have a place, those ``by`` that
    of a call."""

    def __init__(
        self, shelf: ChatShelf, stays: Stays, by: StandingBy, call_later: CallLater
    ) -> None:
        self._shelf = shelf
        self._stays = stays
        self._by = by
        self._call_later = call_later

    def lines(self, conversation: ConversationId) -> Sequence[ChatLine]:
        """All lines so far."""
        session = self._shelf.at_hand(conversation)
        return () if session is None else session.lines

    def lines_of(self, contact_id: ContactId) -> Sequence[ChatLine]:
        """All lines so far of a contact that is in a queue; of any other none."""
        stay = next((each for each in self._stays if each.contact_id == contact_id), None)
        return () if stay is None else self.lines(stay.conversation)

    def show(self, conversation: ConversationId) -> None:
        """Let the caller's pages look again."""
        session = self._shelf.at_hand(conversation)
        if session is not None:
            session.tell()

    def stirred(self, conversation: ConversationId) -> None:
        """Something has changed in it: for the agent who has it."""
        stay = self._stays.of(conversation)
        if stay is not None and stay.talk is not None:
            stay.talk.changed()

    def dressed(self, view: ChatView, conversation: ConversationId) -> ChatView:
        """The view with where the conversation stands."""
        stay = self._stays.of(conversation)
        if stay is None:
            return replace(view, waiting=self._by.in_line(conversation))
        if stay.talk is not None:
            agent = str(stay.talk.agent)
            typing = bool(stay.talk.agent_writes)
            return replace(view, agent=agent, agent_typing=typing, replies=())
        stay.shown = in_line(stay.contact_id, stay.queueing)
        return replace(view, waiting=stay.shown)

    def writes(self, conversation: ConversationId, on: bool) -> None:
        """The caller is typing, or is not."""
        stay = self._stays.of(conversation)
        if stay is not None and stay.talk is not None:
            stay.talk.caller_writes.set(on)

    @contextmanager
    def seen(self, conversation: ConversationId) -> Iterator[None]:
        """While a page shows it the agent sees the caller there, and for `AWAY_S` after it."""
        self._look_for(conversation)
        try:
            yield
        finally:
            if self._stays.of(conversation) is not None:
                self._call_later(AWAY_S, partial(self._look_for, conversation))

    def _look_for(self, conversation: ConversationId) -> None:
        session, stay = self._shelf.at_hand(conversation), self._stays.of(conversation)
        if session is None or stay is None or stay.talk is None:
            return
        there = is_there(session)
        if stay.talk.there is not there:
            stay.talk.there = there
            stay.talk.changed()

    def look(self) -> None:
        """Let pages look again that show a place which is another now."""
        for stay in self._stays:
            session = self._shelf.at_hand(stay.conversation)
            if stay.talk is not None or session is None or not session.watchers:
                continue
            if in_line(stay.contact_id, stay.queueing) != stay.shown:
                session.tell()


def is_there(session: ChatSession) -> bool:
    """Whether what is written reaches the caller: a page follows, or a messenger takes it."""
    return bool(session.watchers) or session.record.channel != PAGE
