"""The messages of RFC 4475: each is served or refused as it says, and none does harm."""

from __future__ import annotations

import asyncio

import pytest
from aiosipua import SipRequest

from tests.telephony.sip.conftest import Bot, OpenPhone
from tests.telephony.sip.phone import Phone
from tests.telephony.sip.torture import SILENCE, TORTURES, Torture
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip.identity import leg_info
from voicebot.telephony.sip.messages import parse_message

BY_NAME = {each.name: each for each in TORTURES}


def test_all_messages_of_the_rfc_are_here() -> None:
    assert len(BY_NAME) == 49
    sections = [each.section.rpartition(".")[0] for each in TORTURES]
    counts = [sections.count(s) for s in ("3.1.1", "3.1.2", "3.2", "3.3", "3.4")]
    assert counts == [13, 19, 1, 15, 1]


async def final_status(phone: Phone) -> int:
    while True:
        data = await phone.sip.receive()
        if data.startswith(b"SIP/2.0") and not data.startswith(b"SIP/2.0 1"):
            return int(data.split()[1])


@pytest.mark.parametrize("message", TORTURES, ids=lambda each: each.name)
async def test_message_is_served_or_refused_as_the_rfc_says(
    message: Torture, server: SipServer, phone: Phone, bot: Bot
) -> None:
    text = message.build(phone.sip.port)
    phone.send(text)
    if message.status != SILENCE:
        assert await final_status(phone) == message.status
    assert len(bot.arrived) == (message.status == 200 and text.startswith(b"INVITE"))
    if not bot.arrived:
        phone.request("OPTIONS")
        answer = await phone.expect(200)  # and nothing else before it
        assert answer.headers.get("call-id")[0] == phone.call


async def test_all_of_them_after_each_other_leave_a_running_call_alone(
    server: SipServer, phone: Phone, open_phone: OpenPhone, bot: Bot
) -> None:
    await phone.dial()
    other = await open_phone("berta")
    for message in TORTURES:
        other.send(message.build(other.sip.port))
    phone.press(5)
    await bot.until(lambda bot: bot.keys() == "5", "a key behind the torture")
    await phone.hang_up()
    malformed = sum(each.status in {400, 505} for each in TORTURES) + len(("scalarlg", "bigcode"))
    assert server.counters().sip_malformed == malformed
    assert server.counters().sip_stray_responses == len(("unreason", "noreason", "bcast"))


def test_what_is_valid_is_read_as_it_was_meant() -> None:
    message, head = parse_message(BY_NAME["wsinv"].build(5062))
    assert (head.from_tag, head.to_tag, head.cseq) == ("98asjd8", "1918181833n", 9)
    assert head.sent_by == ("192.0.2.2", 5062)
    assert len(message.headers.get("via")) == 3
    message, head = parse_message(BY_NAME["intmeth"].build(5062))
    assert isinstance(message, SipRequest)
    assert head.method == "!INTERESTING-METHOD0123456789_*+`.%INDEED'~"
    assert head.from_tag == "_token~1'+`*%!-."
    message, _ = parse_message(BY_NAME["esc01"].build(5062))
    assert isinstance(message, SipRequest)
    assert leg_info(message).caller == "I have spaces"
    assert leg_info(message).callee == "sips:user@example.com"


async def test_a_branch_that_identifies_nothing_does_not_join_two_requests(
    server: SipServer, phone: Phone
) -> None:
    first = BY_NAME["badbranch"].build(phone.sip.port)
    for message in (first, first.replace(b"badbranch.", b"another.")):
        phone.send(message)
        answer = await phone.expect(200)
        assert answer.headers.get("call-id")[0].encode() in message


@pytest.mark.parametrize("message", TORTURES, ids=lambda each: each.name)
async def test_over_tcp_nothing_breaks_either(
    message: Torture, server: SipServer, phone: Phone
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(message.build(5060))
    writer.write_eof()
    async with asyncio.timeout(30):
        answers = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b"SIP/2.0 500" not in answers
    phone.request("OPTIONS")
    await phone.expect(200)
