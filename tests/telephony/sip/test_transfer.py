"""Transfer by REFER: accepted, refused, unanswered; the call goes on where it failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

import pytest
from aiosipua import SipRequest, parse_address

from tests.telephony.sip.conftest import Bot, OpenPhone, StartServer
from tests.telephony.sip.phone import Phone
from voicebot.errors import TransferFailed
from voicebot.telephony._api import CallLeg
from voicebot.telephony.sip.leg import SipLeg
from voicebot.telephony.sip.messages import build_answer

TARGET = "sip:agents@127.0.0.1:5999"


def transferring(
    bot: Bot, results: list[TransferFailed | None]
) -> Callable[[CallLeg], Awaitable[None]]:
    """A bot that transfers each call when the key 0 is pressed, and goes on listening after."""

    async def transfer(leg: CallLeg) -> None:
        try:
            await leg.transfer(TARGET, {"order": "17", "said": "to a person, please"})
        except TransferFailed as failure:
            results.append(failure)
        else:
            results.append(None)
        bot.changed.set()

    async def serve(leg: CallLeg) -> None:
        await leg.answer()
        listening = asyncio.create_task(bot.listen(leg))
        await bot.until(lambda bot: bot.keys().endswith("0"), "the key 0")
        await transfer(leg)
        await listening

    return serve


@pytest.fixture
def results(bot: Bot) -> list[TransferFailed | None]:
    collected: list[TransferFailed | None] = []
    bot.script = transferring(bot, collected)
    return collected


def report(phone: Phone, status: int, *, state: str = "active;expires=60") -> None:
    headers = {
        "Event": "refer",
        "Subscription-State": state,
        "Content-Type": "message/sipfrag;version=2.0",
    }
    phone.request("NOTIFY", headers, body=f"SIP/2.0 {status} Whatever\r\n")


async def referred(phone: Phone) -> SipRequest:
    """Call, press 0, get the REFER."""
    await phone.dial()
    phone.press(0)
    return await phone.expect_request("REFER")


async def test_the_target_s_answer_ends_the_call_with_bye(
    phone: Phone, bot: Bot, results: list[TransferFailed | None]
) -> None:
    refer = await referred(phone)
    uri = parse_address(refer.headers.get("refer-to")[0]).uri
    assert (uri.user, uri.host, uri.port) == ("agents", "127.0.0.1", 5999)
    assert uri.headers == {
        "X-Voicebot-Order": "17",
        "X-Voicebot-Said": "to%20a%20person%2C%20please",
    }
    assert refer.headers.get("x-voicebot-order") == ["17"]
    assert refer.headers.get("x-voicebot-said") == ["to a person, please"]
    assert refer.headers.get("referred-by")[0].startswith("<sip:1000@127.0.0.1")
    phone.answer(refer, 202)
    for status in (100, 180):
        report(phone, status)
        await phone.expect(200)
    report(phone, 200, state="terminated;reason=noresource")
    await phone.expect(200)
    phone.answer(await phone.expect_request("BYE"), 200)
    end = await bot.until_ended()
    assert (end.reason, end.failed) == ("transferred", False)
    assert results == [None]


@pytest.mark.parametrize("status", [405, 603])
async def test_a_phone_that_refuses_brings_the_caller_back(
    phone: Phone, bot: Bot, results: list[TransferFailed | None], status: int
) -> None:
    phone.answer(await referred(phone), status)
    await bot.until(lambda bot: results != [], "the failure")
    assert results[0] is not None
    assert results[0].status == status
    phone.press(7)
    await bot.until(lambda bot: bot.keys() == "07", "a key after the transfer")
    await phone.hear()
    await phone.hang_up()


async def test_a_target_that_refuses_brings_the_caller_back(
    phone: Phone, bot: Bot, results: list[TransferFailed | None]
) -> None:
    phone.answer(await referred(phone), 202)
    # Phones put us on hold while they call the target, and take us back when it refused.
    phone.invite(phone.sdp("a=sendonly"))
    await phone.expect(200)
    phone.ack()
    report(phone, 486, state="terminated;reason=noresource")
    await phone.expect(200)
    await bot.until(lambda bot: results != [], "the failure")
    assert results[0] is not None
    assert results[0].status == 486
    phone.invite()
    await phone.expect(200)
    phone.ack()
    await bot.until(lambda bot: bot.holds() == [True, False], "the resume")
    phone.press(7)
    await bot.until(lambda bot: bot.keys() == "07", "a key after the transfer")
    await phone.hang_up()


async def test_a_target_that_does_not_answer_brings_the_caller_back(
    start_server: StartServer,
    open_phone: OpenPhone,
    bot: Bot,
    results: list[TransferFailed | None],
) -> None:
    # The media timeout is shorter: it must wait while a transfer is under way.
    server = await start_server(transfer_timeout_s=0.4, media_timeout_s=0.2)
    phone = await open_phone(port=server.port)
    phone.answer(await referred(phone), 202)
    await bot.until(lambda bot: results != [], "the failure")
    assert results[0] is not None
    assert (results[0].status, results[0].reason) == (0, "not answered in 0.4 s")
    assert bot.ends() == []
    await phone.hang_up()
    # A report that comes too late belongs to nothing.
    report(phone, 200)
    await phone.expect(481)


async def test_a_caller_who_hangs_up_meanwhile_was_not_transferred(
    phone: Phone, bot: Bot, results: list[TransferFailed | None]
) -> None:
    phone.answer(await referred(phone), 202)
    await phone.hang_up()
    assert (await bot.until_ended()).reason == "caller hung up"
    await bot.until(lambda bot: results != [], "the failure")
    assert results[0] is not None
    assert results[0].reason == "the caller hung up"


async def test_a_refer_is_repeated_until_it_is_answered(
    phone: Phone, bot: Bot, results: list[TransferFailed | None]
) -> None:
    first = await referred(phone)
    again = await phone.expect_request("REFER")
    assert bytes(first) == bytes(again)
    phone.answer(again, 603)
    await bot.until(lambda bot: results != [], "the failure")
    await phone.hang_up()


async def test_reports_about_other_things_are_refused(
    phone: Phone, bot: Bot, results: list[TransferFailed | None]
) -> None:
    phone.answer(await referred(phone), 202)
    phone.request("NOTIFY", {"Event": "message-summary"})
    await phone.expect(489)
    report(phone, 603)
    await phone.expect(200)
    await bot.until(lambda bot: results != [], "the failure")
    await phone.hang_up()


async def test_a_phone_that_will_not_report_has_taken_the_transfer_on(
    phone: Phone, bot: Bot, results: list[TransferFailed | None]
) -> None:
    refer = await referred(phone)
    answer = bytes(build_answer(refer, 202, headers={"Refer-Sub": "false"}))
    phone.send(answer)
    phone.answer(await phone.expect_request("BYE"), 200)
    assert (await bot.until_ended()).reason == "transferred"
    assert results == [None]


async def test_reports_that_overtake_the_answer_count(
    phone: Phone, bot: Bot, results: list[TransferFailed | None]
) -> None:
    refer = await referred(phone)
    report(phone, 486, state="terminated;reason=noresource")
    phone.answer(refer, 202)
    await bot.until(lambda bot: results != [], "the failure")
    assert results[0] is not None
    assert results[0].status == 486
    report(phone, 200)
    await phone.expect(200)
    await phone.expect(481)  # the late one: nothing is followed any more
    await phone.hang_up()


@pytest.mark.parametrize(
    "state, reason",
    [
        ("terminated;reason=rejected", "the caller's phone gave it up"),
        ("terminated;reason=timeout", "the caller's phone stopped reporting"),
    ],
)
async def test_reports_that_end_without_a_result_are_a_failure(
    phone: Phone, bot: Bot, results: list[TransferFailed | None], state: str, reason: str
) -> None:
    phone.answer(await referred(phone), 202)
    report(phone, 100, state=state)
    await bot.until(lambda bot: results != [], "the failure")
    assert results[0] is not None
    assert results[0].reason == reason
    await phone.hang_up()


async def test_two_legs_are_joined_by_replaces(open_phone: OpenPhone, bot: Bot) -> None:
    """Attended transfer: the caller's phone takes our place in the call with the agent."""
    agent = await open_phone("agent")
    await agent.dial()
    other = bot.leg
    caller = await open_phone("anna")
    await caller.dial()
    leg = bot.leg
    assert isinstance(leg, SipLeg)
    assert isinstance(other, SipLeg)
    transfer = asyncio.create_task(leg.transfer_to_leg(other))
    refer = await caller.expect_request("REFER")
    uri = parse_address(refer.headers.get("refer-to")[0]).uri
    assert (uri.user, uri.port) == ("agent", agent.sip.port)
    assert unquote(uri.headers["Replaces"]) == (
        f"{agent.call};to-tag=agent;from-tag={agent.to_tag}"
    )
    caller.answer(refer, 202)
    report(caller, 200, state="terminated;reason=noresource")
    caller.answer(await caller.expect_request("BYE"), 200)
    await transfer
    await agent.hang_up()
