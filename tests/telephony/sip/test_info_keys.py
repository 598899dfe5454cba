"""Keys by SIP INFO: the bodies that are sent, and no key twice."""

from __future__ import annotations

import pytest

from tests.telephony.sip.conftest import Bot
from tests.telephony.sip.phone import Phone
from voicebot.telephony.sip.info_keys import KeyOnce, read_key

RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"


@pytest.mark.parametrize(
    "kind, body, key",
    [
        (RELAY, "Signal=5\r\nDuration=160\r\n", "5"),
        (RELAY, "Duration=250\nsignal = *\n", "*"),
        (RELAY, "Signal=11\r\n", "#"),
        (RELAY, "Signal=d\r\n", "D"),
        (RELAY, "Signal=!\r\n", None),
        (RELAY, "Signal=16\r\n", None),
        (RELAY, "", None),
        (PLAIN, "7", "7"),
        (PLAIN, " #\r\n", "#"),
        (PLAIN, "10", "*"),
        (PLAIN, "77", None),
        (PLAIN, "\u0665", None),
    ],
)
def test_what_phones_send_is_read(kind: str, body: str, key: str | None) -> None:
    assert read_key(kind, body) == key


def test_a_key_that_comes_both_ways_counts_once_whichever_is_first() -> None:
    once = KeyOnce()
    assert [once.is_new("5", "media", 0.0), once.is_new("5", "info", 0.1)] == [True, False]
    assert [once.is_new("6", "info", 0.2), once.is_new("6", "media", 0.3)] == [True, False]


def test_the_same_key_twice_one_way_is_two_keys_and_each_has_its_pair() -> None:
    once = KeyOnce()
    assert [once.is_new("5", "media", at) for at in (0.0, 0.2)] == [True, True]
    assert [once.is_new("5", "info", at) for at in (0.3, 0.4)] == [False, False]
    assert once.is_new("5", "info", 0.5)


def test_after_a_while_the_same_key_is_a_new_one() -> None:
    once = KeyOnce()
    assert once.is_new("5", "media", 0.0)
    assert once.is_new("5", "info", 2.0)


async def test_keys_arrive_by_info_and_not_twice(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    phone.request("INFO", {"Content-Type": RELAY}, "Signal=4\r\nDuration=100\r\n")
    await phone.expect(200)
    phone.press(2)
    await bot.until(lambda bot: bot.keys() == "42", "both keys")
    phone.request("INFO", {"Content-Type": PLAIN}, "2")
    await phone.expect(200)
    phone.request("INFO", {"Content-Type": PLAIN}, "#")
    await phone.expect(200)
    await bot.until(lambda bot: bot.keys() == "42#", "the third key")
    await phone.hang_up()


async def test_other_bodies_are_refused_and_none_is_a_question(phone: Phone) -> None:
    await phone.dial()
    phone.request("INFO", {"Content-Type": "application/json"}, "{}")
    refusal = await phone.expect(415)
    assert RELAY in refusal.headers.get("accept")[0]
    phone.request("INFO")
    await phone.expect(200)
    await phone.hang_up()


async def test_info_outside_a_call_is_481(phone: Phone) -> None:
    phone.request("INFO", {"Content-Type": PLAIN}, "2")
    await phone.expect(481)
