"""What a carrier is told, as markup that cannot be broken out of."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from voicebot.web import twiml


def verb(text: str) -> ET.Element:
    root = ET.fromstring(text)
    assert root.tag == "Response"
    (only,) = root
    return only


def test_a_call_is_connected_with_its_stream() -> None:
    connect = verb(twiml.connect('wss://bot.example.com/s/"><&', "https://bot.example.com/n?a&b"))
    assert connect.attrib == {"action": "https://bot.example.com/n?a&b"}
    assert connect[0].attrib == {"url": 'wss://bot.example.com/s/"><&'}


def test_busy_and_hang_up() -> None:
    assert verb(twiml.reject()).attrib == {"reason": "busy"}
    assert verb(twiml.hang_up()).tag == "Hangup"


def test_a_sip_address_gets_the_context_as_headers() -> None:
    dial = verb(twiml.dial("sip:a@pbx.example", {"order": "4271", "X-Who": "<&>", "!": "x"}))
    assert dial[0].tag == "Sip"
    assert dial[0].text == "sip:a@pbx.example?X-Voicebot-Order=4271&X-Who=%3C%26%3E"


def test_headers_join_those_that_are_there_and_are_bounded() -> None:
    dial = verb(twiml.dial("sip:a@pbx.example?X-A=1", {"n": "1", "long": "x" * 2000}))
    assert dial[0].text == "sip:a@pbx.example?X-A=1&X-Voicebot-N=1"


def test_a_number_is_dialled_without() -> None:
    dial = verb(twiml.dial("tel:+15550100;phone-context=x", {"order": "4271"}))
    assert (dial[0].tag, dial[0].text) == ("Number", "+15550100")
