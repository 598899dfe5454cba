"""A cursor is one opaque word that leads back to its place."""

from __future__ import annotations

import pytest

from voicebot.errors import UsageError
from voicebot.sessions.records import Cursor
from voicebot.types import CallId


def test_a_cursor_comes_back_from_its_word() -> None:
    cursor = Cursor(1_795_000_000.123456, CallId("01HZ-grüße"))
    assert Cursor.decode(cursor.encode()) == cursor


@pytest.mark.parametrize("word", ["", "x", "????", "AAAA", "f/gAAAAAAAA", "f_gAAAAAAAA", "é"])
def test_a_word_that_is_no_cursor_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="cursor"):
        Cursor.decode(word)
