"""What has happened to conversations in text: counted, and told to who watches. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from voicebot.errors import TextRefused
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_records import ChatLine, ChatRecord
from voicebot.sessions.invitation import TextReached, TextStage, TextWatcher
from voicebot.types import CallId


class ChatTally:
    """The figures of one server's conversations. ``going_on`` is how many have not ended."""

    def __init__(self) -> None:
        self.going_on = 0
        self.counts: Counter[str] = Counter()
        """By name: 'begun', 'invited', 'messages', 'lines', 'repeated', 'refused_<code>', and the
        stages."""
        self._watchers: list[TextWatcher] = []
        self._ledger: Callable[[ChatRecord, Sequence[ChatLine]], None] = lambda record, lines: None

    def watch(self, watcher: TextWatcher) -> None:
        """Tell ``watcher`` of the stages of conversations from now on."""
        self._watchers.append(watcher)

    def keep_ledger(self, ledger: Callable[[ChatRecord, Sequence[ChatLine]], None]) -> None:
        """Have ``ledger`` told of every conversation that is over, with all its lines."""
        self._ledger = ledger

    def began(self, name: str) -> None:
        """There is one more; ``name`` is 'begun' or 'invited'."""
        self.going_on += 1
        self.counts[name] += 1

    def refused(self, code: str, reason: str) -> TextRefused:
        """Count a refusal and give it, to be raised."""
        self.counts[f"refused_{code}"] += 1
        return TextRefused(code, reason)

    def said(self, session: ChatSession, cursor: int, before: int) -> None:
        """A message was taken as the line ``cursor``, where ``before`` was the last so far."""
        self.counts["repeated" if cursor <= before else "messages"] += 1
        self.counts["lines"] += session.record.cursor - before

    def ended(self, session: ChatSession, stage: TextStage, now: float) -> None:
        """Tell of the end of a conversation that has one, once."""
        if session.over and not session.told_end:
            session.told_end = True
            self.going_on -= 1
            self.reached(session.record, stage, now)
            self._ledger(session.record, session.lines)

    def reached(self, record: ChatRecord, stage: TextStage, now: float) -> None:
        """Count a stage and tell it."""
        self.counts[stage.value.replace(" ", "_")] += 1
        outcome = record.outcome if stage is TextStage.ENDED else None
        event = TextReached(record.id, record.contact or CallId(""), stage, now, outcome)
        for watcher in self._watchers:
            watcher.reached(event)
