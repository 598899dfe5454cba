"""Calls of ours: answered, refused, redirected, cancelled, with a password, over a provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiosipua import SipRequest

from tests.telephony.sip.conftest import StartServer
from tests.telephony.sip.far_end import FarEnd
from tests.telephony.sip.phone import Rtp
from voicebot.errors import DialFailed
from voicebot.telephony._api import AudioIn, Dialer, KeyIn, LegEnded
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip.digest import Credentials
from voicebot.telephony.sip.providers import Provider, Server
from voicebot.types import Samples

LOUD = b"\x90" * 160

OpenFarEnd = Callable[..., Awaitable[FarEnd]]


@pytest.fixture
async def open_far_end() -> AsyncIterator[OpenFarEnd]:
    opened: list[FarEnd] = []

    async def open_one(tag: str = "far") -> FarEnd:
        opened.append(await FarEnd.open(tag))
        return opened[-1]

    yield open_one
    for far_end in opened:
        far_end.close()


@pytest.fixture
async def bob(open_far_end: OpenFarEnd) -> FarEnd:
    return await open_far_end()


def provider(*servers: FarEnd, register: bool = False) -> Provider:
    return Provider(
        name="trunk",
        servers=tuple(Server("127.0.0.1", each.sip.port) for each in servers),
        domain="provider.example",
        credentials=Credentials("4711", "sesame"),
        register=register,
    )


async def failure(dialing: asyncio.Task[object]) -> DialFailed:
    with pytest.raises(DialFailed) as caught:
        await dialing
    return caught.value


def start(dialing: Awaitable[object]) -> asyncio.Task[object]:
    return asyncio.ensure_future(dialing)


# Answered


async def test_a_call_that_is_answered_is_an_ordinary_leg(server: SipServer, bob: FarEnd) -> None:
    dialer: Dialer = server
    dialing = asyncio.create_task(dialer.dial(bob.uri, caller="100", headers={"order": "17"}))
    invite = await bob.take_call()
    leg = await dialing
    assert invite.headers.get("from")[0].startswith("<sip:100@127.0.0.1>;tag=")
    assert invite.headers.get("x-voicebot-order") == ["17"]
    assert (leg.info.direction, leg.info.caller, leg.info.callee) == ("outbound", "100", "bob")
    heard = Rtp.read(await bob.media.receive())
    assert heard.payload == b"\xff" * 160
    speak(bob, invite)
    async for event in leg.events():
        assert not isinstance(event, LegEnded)
        if isinstance(event, AudioIn) and event.samples.any():
            break
    await leg.hang_up()
    bye = await bob.expect("BYE", but=("ACK",))
    assert bye.uri == bob.uri
    bob.answer(bye, 200)


async def test_the_called_party_hangs_up(server: SipServer, bob: FarEnd) -> None:
    dialing = asyncio.create_task(server.dial(bob.uri))
    invite = await bob.take_call()
    leg = await dialing
    bob.request("BYE", invite, 1)
    await bob.expect_answer(200)
    ends = [event async for event in leg.events() if isinstance(event, LegEnded)]
    assert [(end.reason, end.failed) for end in ends] == [("called party hung up", False)]


async def test_an_invite_is_sent_again_until_somebody_rings(server: SipServer, bob: FarEnd) -> None:
    dialing = asyncio.create_task(server.dial(bob.uri))
    first = await bob.expect("INVITE")
    assert bytes(await bob.expect("INVITE")) == bytes(first)
    bob.answer(first, 180)
    bob.answer(first, 200, sdp=bob.sdp())
    await bob.expect("ACK", but=("INVITE",))
    await (await dialing).hang_up()


async def test_a_repeated_answer_is_acknowledged_again(server: SipServer, bob: FarEnd) -> None:
    dialing = asyncio.create_task(server.dial(bob.uri))
    invite = await bob.expect("INVITE")
    bob.answer(invite, 200, sdp=bob.sdp())
    first = await bob.expect("ACK", but=("INVITE",))
    await dialing
    bob.answer(invite, 200, sdp=bob.sdp())
    assert bytes(await bob.expect("ACK")) == bytes(first)
    assert first.headers.get("cseq") == ["1 ACK"]


async def test_a_second_phone_that_answers_is_hung_up(server: SipServer, bob: FarEnd) -> None:
    dialing = asyncio.create_task(server.dial(bob.uri))
    invite = await bob.expect("INVITE")
    bob.answer(invite, 200, sdp=bob.sdp(), tag="first")
    await bob.expect("ACK", but=("INVITE",))
    leg = await dialing
    bob.answer(invite, 200, sdp=bob.sdp(), tag="second")
    ack = await bob.expect("ACK")
    bye = await bob.expect("BYE")
    assert [each.headers.get("to")[0][-6:] for each in (ack, bye)] == ["second", "second"]
    bob.answer(bye, 200)
    assert not leg.ended


async def test_what_is_said_before_the_answer_is_heard(server: SipServer, bob: FarEnd) -> None:
    early: list[Samples] = []
    dialing = asyncio.create_task(server.dial(bob.uri, on_early=early.append))
    invite = await bob.expect("INVITE")
    bob.answer(invite, 183, sdp=bob.sdp())
    await bob.media.receive()
    speak(bob, invite)
    async with asyncio.timeout(30):
        while not any(frame.any() for frame in early):
            await asyncio.sleep(0.02)
    bob.answer(invite, 200)
    await bob.expect("ACK", but=("INVITE",))
    leg = await dialing
    bob.request("INFO", invite, 1, {"Content-Type": "application/dtmf-relay"}, "Signal=5\r\n")
    await bob.expect_answer(200)
    async for event in leg.events():
        if isinstance(event, KeyIn):
            assert event.key == "5"
            break


# Not answered


@pytest.mark.parametrize(
    "status, outcome",
    [
        (486, "busy"),
        (600, "busy"),
        (480, "no answer"),
        (603, "declined"),
        (404, "unreachable"),
        (488, "failed"),
    ],
)
async def test_a_refusal_is_told_in_plain_words_and_acknowledged(
    server: SipServer, bob: FarEnd, status: int, outcome: str
) -> None:
    dialing = start(server.dial(bob.uri))
    bob.answer(await bob.expect("INVITE"), status)
    problem = await failure(dialing)
    assert (problem.outcome, problem.status) == (outcome, status)
    await bob.expect("ACK", but=("INVITE",))
    assert server.active_calls == 0


async def test_a_phone_that_rings_too_long_is_cancelled(server: SipServer, bob: FarEnd) -> None:
    dialing = start(server.dial(bob.uri, timeout_s=0.2))
    invite = await bob.expect("INVITE")
    bob.answer(invite, 180)
    cancel = await bob.expect("CANCEL", but=("INVITE",))
    assert cancel.headers.get("via") == invite.headers.get("via")
    bob.answer(cancel, 200)
    bob.answer(invite, 487)
    await bob.expect("ACK", but=("CANCEL",))
    assert (await failure(dialing)).outcome == "no answer"


async def test_a_call_that_is_given_up_before_anybody_rang_is_cancelled_then(
    server: SipServer, bob: FarEnd
) -> None:
    dialing = start(server.dial(bob.uri))
    invite = await bob.expect("INVITE")
    dialing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dialing
    await bob.expect("INVITE")
    bob.answer(invite, 180)
    bob.answer(await bob.expect("CANCEL", but=("INVITE",)), 200)
    bob.answer(invite, 487)
    await bob.expect("ACK", but=("CANCEL",))


async def test_an_answer_that_crosses_the_cancel_is_hung_up(server: SipServer, bob: FarEnd) -> None:
    dialing = start(server.dial(bob.uri, timeout_s=0.2))
    invite = await bob.expect("INVITE")
    bob.answer(invite, 180)
    cancel = await bob.expect("CANCEL", but=("INVITE",))
    bob.answer(invite, 200, sdp=bob.sdp())
    bob.answer(cancel, 200)
    await bob.expect("ACK", but=("CANCEL",))
    bob.answer(await bob.expect("BYE", but=("CANCEL",)), 200)
    assert (await failure(dialing)).outcome == "no answer"


async def test_where_nobody_is_the_call_is_unreachable(start_server: StartServer) -> None:
    from voicebot.telephony.sip import Timers

    server = await start_server(timers=Timers(t1_s=0.005, t2_s=0.02))
    problem = await failure(start(server.dial("sip:bob@127.0.0.1:9")))
    assert (problem.outcome, problem.status) == ("unreachable", 0)


async def test_a_host_that_says_nothing_is_unreachable_however_short_the_wait(
    server: SipServer, bob: FarEnd
) -> None:
    problem = await failure(start(server.dial(bob.uri, timeout_s=0.2)))
    assert problem.outcome == "unreachable"


async def test_over_tcp_where_nobody_listens_it_is_unreachable(server: SipServer) -> None:
    problem = await failure(start(server.dial("sip:bob@127.0.0.1:9;transport=tcp")))
    assert problem.outcome == "unreachable"


@pytest.mark.parametrize(
    "target, outcome", [("bob", "failed"), ("http://x", "failed"), ("+49301", "unreachable")]
)
async def test_what_is_no_address_cannot_be_called(
    server: SipServer, target: str, outcome: str
) -> None:
    assert (await failure(start(server.dial(target)))).outcome == outcome


async def test_an_answer_without_common_codec_is_ended(server: SipServer, bob: FarEnd) -> None:
    dialing = start(server.dial(bob.uri))
    invite = await bob.expect("INVITE")
    bob.answer(invite, 200, sdp=bob.sdp(audio="RTP/AVP 18"))
    await bob.expect("ACK", but=("INVITE",))
    bob.answer(await bob.expect("BYE"), 200)
    assert (await failure(dialing)).outcome == "failed"


# Elsewhere


async def test_a_redirection_is_followed(
    server: SipServer, bob: FarEnd, open_far_end: OpenFarEnd
) -> None:
    moved = await open_far_end("moved")
    dialing = asyncio.create_task(server.dial(bob.uri))
    bob.answer(await bob.expect("INVITE"), 302, headers={"Contact": f"<{moved.uri}>;q=1"})
    invite = await moved.take_call()
    assert invite.headers.get("cseq") == ["2 INVITE"]
    assert invite.uri == moved.uri
    await (await dialing).hang_up()


async def test_a_circle_of_redirections_comes_to_an_end(server: SipServer, bob: FarEnd) -> None:
    dialing = start(server.dial(bob.uri))
    for _ in range(6):
        bob.answer(
            await bob.expect("INVITE", but=("ACK",)), 302, headers={"Contact": f"<{bob.uri}>"}
        )
    problem = await failure(dialing)
    assert (problem.outcome, problem.status) == ("failed", 302)


async def test_the_provider_s_password_is_shown_when_asked(
    start_server: StartServer, bob: FarEnd
) -> None:
    server = await start_server(providers=[provider(bob)])
    dialing = asyncio.create_task(server.dial("+49 30 1234", caller="100"))
    first = await bob.expect("INVITE")
    assert first.uri == "sip:+49301234@provider.example"
    assert first.headers.get("p-preferred-identity") == ["<sip:100@provider.example>"]
    challenge = 'Digest realm="provider", nonce="n1", qop="auth", algorithm=SHA-256'
    bob.answer(first, 407, headers={"Proxy-Authenticate": challenge})
    second = await bob.expect("INVITE", but=("ACK",))
    assert 'username="4711"' in second.headers.get("proxy-authorization")[0]
    assert "sesame" not in str(bytes(second))
    bob.answer(second, 200, sdp=bob.sdp())
    await bob.expect("ACK")
    leg = await dialing
    await leg.hang_up()
    bye = await bob.expect("BYE")
    bob.answer(bye, 407, headers={"Proxy-Authenticate": challenge})
    again = await bob.expect("BYE")
    assert again.headers.get("proxy-authorization")
    bob.answer(again, 200)


async def test_a_wrong_password_is_not_tried_for_ever(
    start_server: StartServer, bob: FarEnd
) -> None:
    server = await start_server(providers=[provider(bob)])
    dialing = start(server.dial("1000"))
    challenge = {"WWW-Authenticate": 'Digest realm="p", nonce="n", qop="auth"'}
    for _ in range(2):
        bob.answer(await bob.expect("INVITE", but=("ACK",)), 401, headers=challenge)
    assert (await failure(dialing)).status == 401


async def test_strangers_get_no_password(server: SipServer, bob: FarEnd) -> None:
    dialing = start(server.dial(bob.uri))
    challenge = {"WWW-Authenticate": 'Digest realm="p", nonce="n", qop="auth"'}
    bob.answer(await bob.expect("INVITE"), 401, headers=challenge)
    assert (await failure(dialing)).status == 401


async def test_the_next_server_of_a_provider_takes_the_call(
    start_server: StartServer, bob: FarEnd, open_far_end: OpenFarEnd
) -> None:
    other = await open_far_end("other")
    server = await start_server(providers=[provider(bob, other)])
    dialing = asyncio.create_task(server.dial("1000"))
    bob.answer(await bob.expect("INVITE"), 503)
    await other.take_call()
    await (await dialing).hang_up()


async def test_a_longer_session_is_asked_for_where_ours_is_too_short(
    server: SipServer, bob: FarEnd
) -> None:
    dialing = asyncio.create_task(server.dial(bob.uri))
    first = await bob.expect("INVITE")
    assert first.headers.get("session-expires") == ["1800"]
    bob.answer(first, 422, headers={"Min-SE": "3600"})
    second: SipRequest = await bob.expect("INVITE", but=("ACK",))
    assert second.headers.get("session-expires") == ["3600"]
    bob.answer(second, 200, sdp=bob.sdp())
    await bob.expect("ACK")
    await (await dialing).hang_up()


def media_of(invite: SipRequest) -> int:
    line = next(line for line in invite.text.splitlines() if line.startswith("m=audio"))
    return int(line.split()[1])


def speak(bob: FarEnd, invite: SipRequest) -> None:
    """400 ms of audio at once."""
    for n in range(20):
        head = b"\x80\x00" + n.to_bytes(2) + (n * 160).to_bytes(4) + b"\x00\x00\x00\x07"
        bob.media.send(head + LOUD, media_of(invite))
