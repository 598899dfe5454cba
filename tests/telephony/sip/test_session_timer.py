"""Session timers: what is agreed, refreshed by either side, and ended when nobody refreshes."""

from __future__ import annotations

import asyncio

import pytest
from aiosipua import SipRequest, SipResponse

from tests.telephony.sip.conftest import Bot, OpenPhone, StartServer
from tests.telephony.sip.phone import Phone
from voicebot.telephony.sip import SessionPolicy, SipServer
from voicebot.telephony.sip.session_timer import (
    IntervalTooSmall,
    Session,
    agreed,
    answer_headers,
    asked_for,
    least_interval,
    request_headers,
)

POLICY = SessionPolicy()
QUICK = SessionPolicy(expires_s=2, least_s=1)


def asking(**headers: str) -> SipRequest:
    request = SipRequest(method="INVITE", uri="sip:1@h")
    for name, value in headers.items():
        request.headers.set_single(name.replace("_", "-"), value)
    return request


def answering(**headers: str) -> SipResponse:
    answer = SipResponse(status_code=200, reason_phrase="OK")
    for name, value in headers.items():
        answer.headers.set_single(name.replace("_", "-"), value)
    return answer


def test_who_asks_for_nothing_gets_no_timer() -> None:
    assert asked_for(asking(Supported="timer"), POLICY) is None
    assert "Session-Expires" not in answer_headers(None, asking())


def test_a_caller_that_can_refreshes_and_else_we_do() -> None:
    able = asking(Supported="replaces, timer", Session_Expires="1800")
    assert asked_for(able, POLICY) == Session(1800, we_refresh=False)
    assert answer_headers(asked_for(able, POLICY), able) == {
        "Supported": "timer",
        "Session-Expires": "1800;refresher=uac",
        "Require": "timer",
    }
    proxy = asking(Session_Expires="1800")
    assert asked_for(proxy, POLICY) == Session(1800, we_refresh=True)
    assert "Require" not in answer_headers(asked_for(proxy, POLICY), proxy)
    ours = asking(Supported="timer", Session_Expires="600;refresher=uas")
    assert asked_for(ours, POLICY) == Session(600, we_refresh=True)


def test_too_short_an_interval_is_refused() -> None:
    with pytest.raises(IntervalTooSmall):
        asked_for(asking(Supported="timer", Session_Expires="30"), POLICY)


@pytest.mark.parametrize("value", ["", "soon", "-5", "0"])
def test_an_interval_that_is_none_asks_for_nothing(value: str) -> None:
    assert asked_for(asking(Supported="timer", Session_Expires=value), POLICY) is None


def test_the_answer_to_our_invite_says_who_refreshes() -> None:
    assert agreed(answering(Session_Expires="900;refresher=uac")) == Session(900, True)
    assert agreed(answering(Session_Expires="900;refresher=uas")) == Session(900, False)
    assert agreed(answering()) is None
    assert request_headers(0, 90) == {"Supported": "timer"}
    assert least_interval(answering(Min_SE="300;x=1")) == 300
    assert least_interval(answering(Min_SE="long")) == 0


async def test_too_short_a_session_is_422(phone: Phone, bot: Bot) -> None:
    phone.invite(headers={"Supported": "timer", "Session-Expires": "30"})
    assert (await phone.expect(422)).headers.get("min-se") == ["90"]
    phone.ack()
    assert bot.arrived == []


async def test_a_caller_may_demand_the_timer_and_refresh_by_update(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    asked = {"Supported": "timer", "Require": "timer", "Session-Expires": "1800"}
    phone.invite(headers=asked)
    ok = await phone.expect(200)
    assert ok.headers.get("session-expires") == ["1800;refresher=uac"]
    phone.establish(ok)
    phone.ack()
    phone.request("UPDATE", asked)
    again = await phone.expect(200)
    assert again.headers.get("session-expires") == ["1800;refresher=uac"]
    phone.request("UPDATE", {"Supported": "timer", "Session-Expires": "10"})
    assert (await phone.expect(422)).headers.get("min-se") == ["90"]
    await phone.hang_up()


async def test_an_update_may_put_us_on_hold(phone: Phone, bot: Bot) -> None:
    await phone.dial()
    phone.request("UPDATE", {"Content-Type": "application/sdp"}, phone.sdp("a=sendonly"))
    assert "a=recvonly" in (await phone.expect(200)).text
    await bot.until(lambda bot: bot.holds() == [True], "the hold")
    phone.request("UPDATE", {"Content-Type": "application/sdp"}, phone.sdp(audio="RTP/AVP 18"))
    await phone.expect(488)
    await phone.hang_up()


async def test_a_caller_who_misses_the_refresh_is_ended(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(session=QUICK)
    phone = await open_phone(port=server.port)
    phone.invite(headers={"Supported": "timer", "Session-Expires": "1"})
    phone.establish(await phone.expect(200))
    phone.ack()
    phone.answer(await phone.expect_request("BYE"), 200)
    end = await bot.until_ended()
    assert (end.reason, end.failed) == ("no session refresh from the caller", True)


async def refresh_of(phone: Phone, server: SipServer, *, allow: str) -> SipRequest:
    phone.invite(headers={"Session-Expires": "1", "Allow": allow})
    ok = await phone.expect(200)
    assert ok.headers.get("session-expires") == ["1;refresher=uas"]
    phone.establish(ok)
    phone.ack()
    return await phone.expect_request("UPDATE" if "UPDATE" in allow else "INVITE")


async def test_we_refresh_by_update_and_who_is_gone_is_ended(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(session=QUICK)
    phone = await open_phone(port=server.port)
    update = await refresh_of(phone, server, allow="INVITE, UPDATE")
    assert update.headers.get("session-expires") == ["1;refresher=uac"]
    phone.answer(update, 200)
    again = await phone.expect_request("UPDATE")
    assert bot.ends() == []
    phone.answer(again, 481)
    phone.answer(await phone.expect_request("BYE"), 481)
    assert (await bot.until_ended()).reason == "the caller is not there any more"


async def test_we_refresh_by_re_invite_where_update_is_not_known(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(session=QUICK)
    phone = await open_phone(port=server.port)
    invite = await refresh_of(phone, server, allow="INVITE, BYE")
    assert "m=audio" in invite.text
    # While our offer is under way there is no place for theirs.
    phone.invite()
    await phone.expect(491)
    phone.ack()
    phone.answer(invite, 200)
    ack = await phone.expect_request("ACK")
    assert ack.headers.get("cseq")[0].split()[0] == invite.headers.get("cseq")[0].split()[0]
    await asyncio.sleep(0)
    assert bot.ends() == []
    await phone.hang_up()
