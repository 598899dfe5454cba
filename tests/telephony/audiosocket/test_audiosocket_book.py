"""The book of announced calls: for a short time, never too many, and read by the right one."""

from __future__ import annotations

from uuid import UUID

import pytest

from voicebot.telephony.audiosocket import book
from voicebot.telephony.audiosocket.book import AlreadyRunning, BookFull, CallBook, Fate

ONE = UUID(int=1)


def announced(now: float = 0.0) -> CallBook:
    calls = CallBook()
    calls.announce(ONE, "+15550100", "shop", {"Order": "4271"}, now)
    return calls


def test_an_announced_call_brings_what_was_told_of_it() -> None:
    entry = announced().claim(ONE, 1.0)
    assert entry is not None
    assert (entry.caller, entry.callee, entry.headers) == ("+15550100", "shop", {"order": "4271"})


def test_nobody_is_claimed_twice_or_too_late() -> None:
    calls = announced()
    assert calls.claim(ONE, book.ANNOUNCED_S + 1) is None
    assert calls.claim(ONE, 1.0) is not None
    assert calls.claim(ONE, 1.0) is None


def test_announcing_again_is_no_harm_until_the_call_runs() -> None:
    calls = announced()
    calls.announce(ONE, "other", "", {}, 1.0)
    entry = calls.claim(ONE, 2.0)
    assert entry is not None
    assert entry.caller == "other"
    with pytest.raises(AlreadyRunning):
        calls.announce(ONE, "", "", {}, 3.0)


async def test_a_transfer_is_taken_by_who_asks_for_the_target() -> None:
    calls = announced()
    calls.claim(ONE, 1.0)
    fetched = calls.offer(ONE, "sip:agents@pbx.example", {"order": "4271"}, 500.0)
    entry = calls.ask(ONE, 501.0)
    assert entry is not None
    assert entry.fate is Fate.TRANSFER
    assert not fetched.done()
    assert calls.take(ONE, 501.0) == "sip:agents@pbx.example"
    assert fetched.done()


async def test_a_transfer_that_came_to_nothing_is_not_read_any_more() -> None:
    calls = announced()
    calls.claim(ONE, 1.0)
    calls.offer(ONE, "sip:agents@pbx.example", {}, 2.0)
    calls.withdraw(ONE)
    assert calls.take(ONE, 3.0) == ""


def test_what_came_of_a_call_is_kept_for_a_while() -> None:
    calls = announced()
    calls.claim(ONE, 1.0)
    calls.close(ONE, Fate.ENDED, 100.0)
    entry = calls.ask(ONE, 100.0 + book.KEPT_S)
    assert entry is not None
    assert entry.fate is Fate.ENDED
    assert calls.ask(ONE, 101.0 + book.KEPT_S) is None


def test_the_book_is_bounded_and_forgets_the_old() -> None:
    calls = CallBook()
    for number in range(book.MOST):
        calls.announce(UUID(int=number), "", "", {}, 0.0)
    with pytest.raises(BookFull):
        calls.announce(UUID(int=book.MOST), "", "", {}, 1.0)
    calls.announce(UUID(int=book.MOST), "", "", {}, book.ANNOUNCED_S + 1)
    assert len(calls) == 1


def test_what_is_told_of_a_call_is_bounded() -> None:
    calls = CallBook()
    calls.announce(ONE, "c" * 9999, "", {f"h{n}": "v" * 9999 for n in range(999)}, 0.0)
    entry = calls.claim(ONE, 0.0)
    assert entry is not None
    assert len(entry.caller) == book.MAX_VALUE
    assert len(entry.headers) == book.MAX_HEADERS
    assert all(len(value) == book.MAX_VALUE for value in entry.headers.values())
