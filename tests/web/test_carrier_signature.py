"""The carrier's signature, against the one its documentation works out."""

from __future__ import annotations

import pytest

from voicebot.web.carrier_signature import is_signed, signature, spellings

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TOKEN = "12345"
FIELDS = (
    ("To", "+18005551212"),
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("From", "+14158675309"),
    ("Digits", "1234"),
)
RIGHT = "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_the_documented_example_comes_out() -> None:
    assert signature(URL, FIELDS, TOKEN) == RIGHT


def test_only_the_right_one_will_do() -> None:
    assert is_signed(RIGHT, [URL], FIELDS, TOKEN)
    assert not is_signed(RIGHT, [URL], FIELDS, "54321")
    assert not is_signed(RIGHT, [URL + "3"], FIELDS, TOKEN)
    assert not is_signed(RIGHT, [URL], [*FIELDS, ("Extra", "1")], TOKEN)
    assert not is_signed("", [URL], FIELDS, TOKEN)
    assert not is_signed("\u00fcber", [URL], FIELDS, TOKEN)


@pytest.mark.parametrize(
    "url, other",
    [
        ("https://bot.example.com/a?b=1", "https://bot.example.com:443/a?b=1"),
        ("https://bot.example.com:443/a", "https://bot.example.com/a"),
        ("wss://bot.example.com/a", "wss://bot.example.com:443/a"),
        ("http://127.0.0.1/a", "http://127.0.0.1:80/a"),
    ],
)
def test_the_port_that_goes_without_saying_may_be_signed_or_not(url: str, other: str) -> None:
    assert spellings(url) == [url, other]


def test_another_port_is_part_of_the_address() -> None:
    assert spellings("https://bot.example.com:8443/a") == ["https://bot.example.com:8443/a"]
