"""Whole calls over UDP, packet by packet: set-up, repeats, hold, keys, ends."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.telephony.sip.conftest import Bot, OpenPhone, StartServer
from tests.telephony.sip.phone import Phone
from voicebot.errors import CallError
from voicebot.telephony._api import Admission, AudioIn, CallLeg
from voicebot.telephony.sip import SipServer, Timers

LOUD = b"\x90" * 160
"""20 ms of a constant in mu-law, nothing like silence."""


# Set-up


async def test_a_call_is_answered_and_ended_by_the_caller(phone: Phone, bot: Bot) -> None:
    ok = await phone.dial()
    assert ok.headers.get("contact") == [f"<sip:127.0.0.1:{phone.server_port}>"]
    assert [answer.status_code for answer in phone.answers] == [100, 200]
    assert bot.arrived[0].caller == "anna"
    await phone.hang_up()
    end = await bot.until_ended()
    assert (end.reason, end.failed) == ("caller hung up", False)


async def test_silence_is_sent_from_the_start_in_an_unbroken_stream(phone: Phone) -> None:
    await phone.dial()
    packets = [await phone.hear() for _ in range(10)]
    assert [packet.payload for packet in packets] == [b"\xff" * 160] * 10
    assert [packet.marker for packet in packets] == [True] + [False] * 9
    for before, after in pairwise(packets):
        assert (after.sequence - before.sequence) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 160


async def test_the_caller_hears_what_the_bot_says_back(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    for _ in range(5):
        phone.talk(LOUD)
    packet = await phone.hear()
    while packet.payload != LOUD:
        packet = await phone.hear()
    assert bot.heard().any()


async def test_audio_in_comes_every_20_ms_even_when_the_caller_sends_nothing(
    phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    await bot.until(lambda bot: len(bot.events) >= 20, "twenty frames")
    assert all(isinstance(event, AudioIn) for event in bot.events)
    assert not bot.heard().any()


async def test_a_repeated_invite_makes_no_second_call(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    text = phone.invite()
    phone.send(text)
    ok = await phone.expect(200)
    phone.send(text)
    again = await phone.expect(200)
    assert bytes(again) == bytes(ok)
    assert server.active_calls == 1
    assert len(bot.arrived) == 1
    phone.establish(ok)
    phone.ack()
    await phone.hang_up()


async def test_an_invite_that_came_two_ways_is_a_loop(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    phone.to_tag, phone.branch = "", 77
    phone.send(phone.text("INVITE", sdp=phone.sdp()))
    await phone.expect(482)
    assert len(bot.arrived) == 1


async def test_late_and_repeated_acks_change_nothing(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    phone.ack()
    await phone.hang_up()
    phone.ack()
    await bot.until_ended()
    assert len(bot.ends()) == 1


async def test_a_missing_ack_ends_the_call(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(timers=Timers(t1_s=0.01, t2_s=0.08))
    phone = await open_phone(port=server.port)
    phone.invite()
    ok = await phone.expect(200)
    repeat = await phone.expect(200)
    assert bytes(ok) == bytes(repeat)
    end = await bot.until_ended()
    assert (end.reason, end.failed) == ("no ACK from the caller", True)
    phone.answer(await phone.expect_request("BYE"), 200)


async def test_a_cancelled_call_is_never_answered(phone: Phone, bot: Bot) -> None:
    failures: list[str] = []

    async def ring(leg: CallLeg) -> None:
        await bot.listen(leg)
        with pytest.raises(CallError) as caught:
            await leg.answer()
        failures.append(str(caught.value))
        bot.changed.set()

    bot.script = ring
    phone.invite()
    await bot.until(lambda bot: bot.legs != [], "the call")
    phone.cancel()
    answers = {(await phone.expect_any()).headers.get("cseq")[0]: 0 for _ in range(2)}
    assert set(answers) == {"1 CANCEL", "1 INVITE"}
    phone.ack()
    end = await bot.until_ended()
    assert end.reason == "caller hung up before the answer"
    await bot.until(lambda bot: failures != [], "the refusal to answer")


async def test_a_cancel_that_crosses_the_answer_leaves_the_call_up(phone: Phone, bot: Bot) -> None:
    phone.invite()
    ok = await phone.expect(200)
    phone.cancel()
    assert (await phone.expect(200)).headers.get("cseq") == ["1 CANCEL"]
    phone.establish(ok)
    phone.ack()
    await phone.hang_up()
    assert (await bot.until_ended()).reason == "caller hung up"


async def test_a_cancel_of_nothing_is_told_so(phone: Phone) -> None:
    phone.cancel()
    await phone.expect(481)


# A delayed offer


async def test_without_an_offer_we_offer_and_the_answer_comes_with_the_ack(
    phone: Phone, bot: Bot
) -> None:
    phone.invite(sdp="")
    ok = await phone.expect(200)
    assert "a=rtpmap:0 PCMU/8000" in ok.text
    assert "a=rtpmap:8 PCMA/8000" in ok.text
    phone.establish(ok)
    phone.ack(phone.sdp(audio="RTP/AVP 8 101"))
    packet = await phone.hear()
    assert packet.payload_type == 8
    phone.press(5)
    await bot.until(lambda bot: bot.keys() == "5", "the key")
    await phone.hang_up()


async def test_an_answer_to_our_offer_without_common_codec_ends_the_call(
    phone: Phone, bot: Bot
) -> None:
    failures: list[str] = []

    async def answer(leg: CallLeg) -> None:
        with pytest.raises(CallError) as caught:
            await leg.answer()
        failures.append(str(caught.value))
        bot.changed.set()

    bot.script = answer
    phone.invite(sdp="")
    phone.establish(await phone.expect(200))
    phone.ack(phone.sdp(audio="RTP/AVP 18"))
    phone.answer(await phone.expect_request("BYE"), 200)
    await bot.until(lambda bot: failures != [], "the failure")
    assert failures == ["no common codec"]


# Refusals


async def test_no_common_codec_is_488(phone: Phone, bot: Bot) -> None:
    phone.invite(phone.sdp(audio="RTP/AVP 18 4"))
    await phone.expect(488)
    phone.ack()
    assert (bot.refused, bot.arrived) == ([488], [])


async def test_a_description_that_cannot_be_read_is_400(server: SipServer, phone: Phone) -> None:
    phone.invite("v=0\r\nm=audio nonsense RTP/AVP 0\r\n")
    await phone.expect(400)
    phone.ack()
    assert server.counters().sip_malformed == 1


@pytest.mark.parametrize("status", [486, 503])
async def test_past_the_admitted_number_a_call_is_told_when_to_come_back(
    phone: Phone, open_phone: OpenPhone, bot: Bot, status: int
) -> None:
    await phone.dial()
    bot.admission = Admission(False, status, retry_after_s=7)
    second = await open_phone("berta")
    second.invite()
    refusal = await second.expect(status)
    assert refusal.headers.get("retry-after") == ["7"]
    second.ack()
    phone.press(1)
    await bot.until(lambda bot: bot.keys() == "1", "the key of the running call")
    assert (len(bot.legs), bot.refused) == (1, [status])


async def test_while_draining_new_calls_are_refused_and_old_ones_go_on(
    server: SipServer, phone: Phone, open_phone: OpenPhone, bot: Bot
) -> None:
    await phone.dial()
    server.drain()
    second = await open_phone("berta")
    second.invite()
    assert (await second.expect(503)).headers.get("retry-after")
    second.ack()
    second.request("OPTIONS")
    await second.expect(503)
    assert not await server.wait_until_idle(0)
    await phone.hang_up()
    assert (await bot.until_ended()).reason == "caller hung up"
    assert await server.wait_until_idle(5)


async def test_the_bot_may_refuse_a_call_itself(phone: Phone, bot: Bot) -> None:
    async def refuse(leg: CallLeg) -> None:
        await leg.reject(603)
        await bot.listen(leg)

    bot.script = refuse
    phone.invite()
    await phone.expect(603)
    phone.ack()
    assert (await bot.until_ended()).reason == "refused with 603"


async def test_a_failing_bot_ends_its_call_only(phone: Phone, bot: Bot, logs: list[object]) -> None:
    async def fail(leg: CallLeg) -> None:
        await leg.answer()
        raise RuntimeError("out of order")

    bot.script = fail
    await phone.dial()
    phone.answer(await phone.expect_request("BYE"), 200)
    assert [log["event"] for log in logs if "event" in log][-1:] == ["call_failed"]  # type: ignore[operator,index]
    logs.clear()


async def test_a_call_without_free_ports_is_503(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(rtp_ports=(33000, 33001))
    first, second = await open_phone("a", server.port), await open_phone("b", server.port)
    await first.dial()
    failures: list[str] = []

    async def answer(leg: CallLeg) -> None:
        with pytest.raises(CallError) as caught:
            await leg.answer()
        failures.append(str(caught.value))

    bot.script = answer
    second.invite()
    await second.expect(503)
    second.ack()
    assert failures == ["no RTP port is free between 33000 and 33001"]
    await first.hang_up()


# Hold and renegotiation


async def some_frames_of_another_call(open_phone: OpenPhone) -> None:
    """Let a few frames' time pass, by the server's own clock."""
    other = await open_phone("clock")
    await other.dial()
    for _ in range(5):
        await other.hear()
    await other.hang_up()


@pytest.mark.parametrize("hold", ["sendonly", "inactive", "0.0.0.0"])
async def test_hold_silences_us_and_resume_brings_us_back(
    phone: Phone, open_phone: OpenPhone, bot: Bot, hold: str
) -> None:
    await phone.dial()
    last = await phone.hear()
    sdp = phone.sdp(host=hold) if hold == "0.0.0.0" else phone.sdp(f"a={hold}")
    phone.invite(sdp)
    ok = await phone.expect(200)
    phone.ack()
    assert ("a=inactive" if hold == "inactive" else "a=recvonly") in ok.text
    await bot.until(lambda bot: bot.holds() == [True], "the hold")
    await some_frames_of_another_call(open_phone)
    phone.invite()
    assert "a=sendrecv" in (await phone.expect(200)).text
    phone.ack()
    await bot.until(lambda bot: bot.holds() == [True, False], "the resume")
    while not (first := await phone.hear()).marker:
        last = first
    # Time went on while nothing was sent.
    assert (first.sequence - last.sequence) & 0xFFFF == 1
    assert (first.timestamp - last.timestamp) & 0xFFFFFFFF > 160 * 3


async def test_a_new_media_address_is_followed(phone: Phone, open_phone: OpenPhone) -> None:
    await phone.dial()
    phone.talk(LOUD)
    await phone.hear()
    other = await open_phone("other")
    phone.media, other.media = other.media, phone.media
    phone.invite()
    await phone.expect(200)
    phone.ack()
    assert (await phone.hear()).payload_type == 0


async def test_a_reordered_offer_keeps_the_codec_and_another_changes_it(
    phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    phone.invite(phone.sdp(audio="RTP/AVP 8 0 101"))
    assert "RTP/AVP 0 101" in (await phone.expect(200)).text
    phone.ack()
    phone.invite(phone.sdp(audio="RTP/AVP 8"))
    answer = (await phone.expect(200)).text
    assert "RTP/AVP 8\r\n" in answer
    phone.ack()
    packet = await phone.hear()
    while packet.payload_type != 8:
        packet = await phone.hear()
    assert packet.payload == b"\xd5" * 160


async def test_an_offer_that_cannot_be_met_leaves_the_call_as_it_was(
    phone: Phone, bot: Bot
) -> None:
    await phone.dial()
    phone.invite(phone.sdp(audio="RTP/AVP 18"))
    await phone.expect(488)
    phone.ack()
    phone.press(9)
    await bot.until(lambda bot: bot.keys() == "9", "a key after the refused offer")


async def test_a_re_invite_without_offer_gets_ours(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    phone.invite("")
    assert "m=audio" in (await phone.expect(200)).text
    phone.ack(phone.sdp("a=sendonly"))
    await bot.until(lambda bot: bot.holds() == [True], "the hold")


async def test_a_repeated_re_invite_is_answered_again(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    text = phone.invite(phone.sdp("a=sendonly"))
    first = await phone.expect(200)
    phone.send(text)
    assert bytes(await phone.expect(200)) == bytes(first)
    phone.ack()
    await phone.hang_up()
    assert bot.holds() == [True]


async def test_our_descriptions_count_up(phone: Phone) -> None:
    first = (await phone.dial()).text
    phone.invite()
    second = (await phone.expect(200)).text
    phone.ack()
    versions = [sdp.split("o=", 1)[1].split()[1:3] for sdp in (first, second)]
    assert versions[0][0] == versions[1][0]
    assert int(versions[1][1]) == int(versions[0][1]) + 1


# Ends


async def test_our_bye_is_repeated_until_it_is_answered(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    await bot.until(lambda bot: bot.legs != [], "the call")
    await bot.leg.hang_up()
    first = await phone.expect_request("BYE")
    again = await phone.expect_request("BYE")
    assert bytes(first) == bytes(again)
    phone.answer(again, 200)
    assert (await bot.until_ended()).reason == "hung up by voicebot"
    await bot.leg.hang_up()


async def test_hanging_up_before_the_ack_waits_for_it(phone: Phone, bot: Bot) -> None:
    async def answer(leg: CallLeg) -> None:
        await leg.answer()

    bot.script = answer
    phone.invite()
    ok = await phone.expect(200)
    repeated = await phone.message()
    assert bytes(repeated) == bytes(ok)  # and no BYE yet
    phone.establish(ok)
    phone.ack()
    phone.answer(await phone.expect_request("BYE"), 200)


async def test_a_line_without_rtp_is_ended(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(media_timeout_s=0.2)
    phone = await open_phone(port=server.port)
    await phone.dial()
    phone.answer(await phone.expect_request("BYE"), 200)
    end = await bot.until_ended()
    assert (end.reason, end.failed) == ("no audio from the caller for 0.2 s", True)


async def test_a_line_on_hold_is_not_dead(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(media_timeout_s=0.2)
    phone = await open_phone(port=server.port)
    await phone.dial(phone.sdp("a=sendonly"))
    await bot.until(lambda bot: bot.holds() == [True], "the hold")
    other = await open_phone("other", server.port)
    await other.dial()
    other.answer(await other.expect_request("BYE"), 200)  # a call that is not held dies meanwhile
    assert server.active_calls == 1
    await phone.hang_up()


async def test_stopping_says_goodbye_to_all(
    server: SipServer, phone: Phone, open_phone: OpenPhone, bot: Bot
) -> None:
    second = await open_phone("berta")
    await phone.dial()
    await second.dial()
    stopping = asyncio.create_task(server.stop())
    for one in (phone, second):
        one.answer(await one.expect_request("BYE"), 200)
    await stopping
    assert {end.reason for end in bot.ends()} == {"voicebot is shutting down"}


# Other requests


async def test_options_tell_what_we_can_do(phone: Phone) -> None:
    phone.request("OPTIONS")
    ok = await phone.expect(200)
    assert "INVITE" in ", ".join(ok.headers.get("allow"))
    assert "application/sdp" in ", ".join(ok.headers.get("accept"))
    assert ok.headers.get("supported") == ["timer"]


@pytest.mark.parametrize("method", ["REGISTER", "MESSAGE", "PUBLISH", "FROBNICATE"])
async def test_unknown_methods_are_405(server: SipServer, phone: Phone, method: str) -> None:
    phone.request(method)
    assert (await phone.expect(405)).headers.get("allow")
    assert sum(server.counters().requests.values()) == 1
    assert "FROBNICATE" not in server.counters().requests


async def test_nobody_subscribes_here_or_has_us_call_somebody(phone: Phone, bot: Bot) -> None:
    phone.request("SUBSCRIBE", {"Event": "presence"})
    assert (await phone.expect(489)).headers.get("allow-events") == ["refer"]
    phone.request("REFER", {"Refer-To": "<sip:premium@127.0.0.1>"})
    await phone.expect(603)
    await phone.dial()
    phone.request("REFER", {"Refer-To": "<sip:premium@127.0.0.1>"})
    await phone.expect(603)
    await phone.hang_up()


async def test_requests_of_no_call_are_481(phone: Phone) -> None:
    phone.to_tag = "nobody"
    for method in ("BYE", "NOTIFY", "INVITE"):
        phone.request(method)
        await phone.expect(481)


async def test_an_extension_that_is_demanded_is_refused(phone: Phone) -> None:
    phone.invite(headers={"Require": "100rel"})
    assert (await phone.expect(420)).headers.get("unsupported") == ["100rel"]
    phone.ack()


async def test_requests_out_of_order_are_refused(phone: Phone) -> None:
    await phone.dial()
    phone.cseq = 0
    phone.send(phone.text("BYE", branch=50))
    await phone.expect(500)
