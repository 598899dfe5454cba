"""Opt-out words, telephone numbers and signatures."""

from __future__ import annotations

import pytest

from voicebot.sending.signature import WINDOW_S, fault_in, sign
from voicebot.texting.numbers import as_e164
from voicebot.texting.opt_out import Wish, wish_of

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop!",
        " Stop ",
        "UNSUBSCRIBE",
        "Stopp",
        "ARRÊT",
        "Désabonner",
        "parar",
        "退订",
        "取消",
    ],
)
def test_words_that_end_messages(text: str) -> None:
    assert wish_of(text) is Wish.NO_MORE


@pytest.mark.parametrize("text", ["СТОП", "중지", "توقف", "rezygnuję", "बंद करें", "停止"])
def test_words_of_other_scripts_count_too(text: str) -> None:
    assert wish_of(text) is Wish.NO_MORE


@pytest.mark.parametrize("text", ["START", "unstop", "Démarrer", "开始", "старт"])
def test_words_that_begin_them_again(text: str) -> None:
    assert wish_of(text) is Wish.AGAIN


@pytest.mark.parametrize("text", ["", "please stop by at nine", "no", "stop it now", "S" * 500])
def test_other_messages_wish_for_nothing(text: str) -> None:
    assert wish_of(text) is None


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+1 (555) 010-0123", "", "+15550100123"),
        ("0049 171 5550100", "", "+491715550100"),
        ("0171 5550100", "49", "+491715550100"),
        ("15550100123", "1", "+15550100123"),
        ("5550100123", "1", "+15550100123"),
        ("5550100123", "", None),
        ("anonymous", "1", None),
        ("", "1", None),
        ("+0123456789", "", None),
        ("+12345678901234567", "", None),
        ("+1555010٠", "", None),
        ("sip:anna", "49", None),
    ],
)
def test_numbers_are_written_as_e164(written: str, country: str, number: str | None) -> None:
    assert as_e164(written, country) == number


def test_a_signature_holds_for_its_body_time_and_secret() -> None:
    signed = sign(b"body", 1000, SECRET)
    assert fault_in(b"body", "1000", signed, 1000 + WINDOW_S, SECRET) == ""
    for body, stamp, given, now, secret in (
        (b"Body", "1000", signed, 1000.0, SECRET),
        (b"body", "1001", signed, 1000.0, SECRET),
        (b"body", "1000", signed, 1000.0, SECRET[::-1]),
        (b"body", "1000", "", 1000.0, SECRET),
        (b"body", "1000", "v1=é", 1000.0, SECRET),
        (b"body", "", signed, 1000.0, SECRET),
        (b"body", "1e3", signed, 1000.0, SECRET),
        (b"body", "9" * 40, signed, 1000.0, SECRET),
        (b"body", "1000", signed, 1001 + WINDOW_S, SECRET),
        (b"body", "1000", signed, 999 - WINDOW_S, SECRET),
    ):
        assert fault_in(body, stamp, given, now, secret)
