"""A turn tells when the bot began to speak and when the caller spoke."""

from __future__ import annotations

from voicebot.events import CallEvent, TurnFinished, TurnResult
from voicebot.sessions.account import CallAccount
from voicebot.telephony._api import LegInfo
from voicebot.types import CallId


class Book:
    def __init__(self) -> None:
        self.turns: list[TurnFinished] = []
        self.now = 100.0

    def append(self, event: CallEvent) -> None:
        if isinstance(event, TurnFinished):
            self.turns.append(event)


def test_times_are_those_of_the_first_packet_and_of_the_callers_speech() -> None:
    book = Book()
    info = LegInfo(CallId("call-1"), "loopback", "100", "200")
    account = CallAccount(info, book, lambda event: None, clock=lambda: book.now)
    account.said("Hello.")
    book.now = 101.0
    account.prompt_left(None)
    account.said("How can I help?")
    book.now = 102.0
    account.prompt_left(None)
    book.now = 110.0
    account.heard(TurnResult.NOMATCH, None, latency_ms=None, spoke=(3.0, 1.0))
    account.said("Pardon?")
    book.now = 111.0
    account.heard(TurnResult.NOINPUT, None, latency_ms=None)
    first, second = book.turns
    assert (first.said_at, first.heard_from, first.heard_until) == (101.0, 107.0, 109.0)
    assert (second.said_at, second.heard_from, second.heard_until) == (111.0, None, None)
