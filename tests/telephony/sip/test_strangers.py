"""Strangers at the SIP door: noise, scans, floods and slow peers cost them their welcome, and
nobody else anything."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.telephony.sip.conftest import Bot, Logs, StartServer
from tests.telephony.sip.phone import WAIT_S, Inbox, Phone
from tests.telephony.sip.torture import TORTURES, Torture
from voicebot.telephony.guard import AddressGuard, GuardPolicy
from voicebot.telephony.sip import SipServer, wire
from voicebot.telephony.sip.framing import BrokenStream, StreamFramer
from voicebot.telephony.sip.messages import MalformedMessage, parse_message

STRANGER = "127.0.0.2"
OTHER = "127.0.0.3"


async def phone_at(address: str, server: SipServer, name: str) -> Phone:
    loop = asyncio.get_running_loop()
    _, sip = await loop.create_datagram_endpoint(Inbox, local_addr=(address, 0))
    return Phone(server.port, sip, await Inbox.open(), name, call=f"{name}-1")


async def answered(phone: Phone, wait_s: float = WAIT_S) -> bool:
    """Whether an OPTIONS is answered, with whatever; it is sent again as over any UDP."""
    text = phone.request("OPTIONS")
    sought = f"CSeq: {phone.cseq} ".encode()
    deadline = asyncio.get_running_loop().time() + wait_s
    while asyncio.get_running_loop().time() < deadline:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                while sought not in await phone.sip.receive():
                    pass
                return True
        phone.send(text)
    return False


def logged(logs: Logs, event: str) -> list[str]:
    return [line["address"] for line in logs if line["event"] == event]


async def test_noise_shuts_its_address_out_and_no_other(
    server: SipServer, bot: Bot, logs: Logs
) -> None:
    stranger = await phone_at(STRANGER, server, "noisy")
    other = await phone_at(OTHER, server, "calm")
    chance = random.Random(4475)
    for length in range(1, 200):
        stranger.send(b"\x01" + chance.randbytes(length))
    assert await answered(other)
    assert not await answered(stranger, 0.3)
    assert 20 <= server.counters().sip_malformed <= 25  # the rest was not even read
    assert logged(logs, "address_shut_out") == [STRANGER]
    for phone in (stranger, other):
        phone.close()


async def test_a_call_from_an_address_that_is_shut_out_goes_on_and_can_be_ended(
    server: SipServer, bot: Bot
) -> None:
    """The source of a datagram can be forged: somebody else may have been the one."""
    caller = await phone_at(STRANGER, server, "anna")
    await caller.dial()
    forger = await phone_at(STRANGER, server, "forger")
    for _ in range(60):
        forger.send(b"\x01noise")
    assert not await answered(forger, 0.3)
    caller.request("BYE")
    await caller.expect(200)
    assert (await bot.until_ended()).reason == "caller hung up"
    for phone in (caller, forger):
        phone.close()


async def test_whoever_tries_methods_and_users_is_shut_out(server: SipServer, bot: Bot) -> None:
    scanner = await phone_at(STRANGER, server, "scanner")
    for extension in range(100, 160):
        scanner.branch += 1
        method = ("REGISTER", "SUBSCRIBE", "PUBLISH", "XYZZY")[extension % 4]
        text = scanner.text(method).replace("sip:1000@", f"sip:{extension}@")
        scanner.send(text.replace("Call-ID: ", f"Call-ID: {extension}"))
    assert not await answered(scanner, 0.3)
    counts = server.counters()
    assert counts.responses == {"4xx": 21}
    assert set(counts.requests) == {"REGISTER", "SUBSCRIBE", "PUBLISH", "other"}
    assert bot.arrived == []
    scanner.close()


async def test_an_options_flood_is_answered_up_to_the_limit(
    start_server: StartServer, bot: Bot
) -> None:
    guard = AddressGuard(GuardPolicy(burst=50, requests_per_s=0.1))
    server = await start_server(guard=guard)
    flooder = await phone_at(STRANGER, server, "flooder")
    other = await phone_at(OTHER, server, "calm")
    for _ in range(1000):
        flooder.request("OPTIONS")
    assert await answered(other)
    answers = Counter[bytes]()
    while not flooder.sip.waiting.empty():
        answers[(await flooder.sip.receive()).split()[1]] += 1
    assert answers == {b"200": 50, b"503": 1}
    done = guard.snapshot(0).counts
    assert done["sip", "slowed"] == 1
    assert done["sip", "dropped"] > 50  # the kernel has no room for all of them
    for phone in (flooder, other):
        phone.close()


async def test_responses_to_nobody_are_counted(server: SipServer, phone: Phone, bot: Bot) -> None:
    ok = phone.text("INVITE").replace("INVITE sip:1000@127.0.0.1", "SIP/2.0 200 OK", 1)
    ok = "SIP/2.0 200 OK\r\n" + ok.split("\r\n", 1)[1]
    for _ in range(5):
        phone.send(ok)
    await bot.until(lambda bot: server.counters().sip_stray_responses == 5, "the responses")
    assert server.counters().sip_malformed == 0


async def test_who_only_sends_invites_does_not_get_all_lines(
    start_server: StartServer, bot: Bot
) -> None:
    guard = AddressGuard(GuardPolicy(unconfirmed_calls=3))
    server = await start_server(guard=guard)
    greedy = await phone_at(STRANGER, server, "greedy")
    for n in range(10):
        greedy.call = f"greedy-{n}"
        greedy.invite()
    other = await phone_at(OTHER, server, "calm")
    await other.dial()
    await bot.until(lambda bot: len(bot.arrived) == 4, "four calls")
    assert guard.snapshot(0).counts["sip", "call_refused"] == 7
    await other.hang_up()
    for phone in (greedy, other):
        phone.close()


async def test_calls_that_are_taken_up_do_not_count(start_server: StartServer, bot: Bot) -> None:
    server = await start_server(guard=AddressGuard(GuardPolicy(unconfirmed_calls=1)))
    phones = [await phone_at(STRANGER, server, f"phone {n}") for n in range(3)]
    for phone in phones:
        await phone.dial()
    for phone in phones:
        await phone.hang_up()
        phone.close()


# TCP


async def tcp(
    server: SipServer, address: str = STRANGER
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))


async def closed_by_server(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(WAIT_S):
            await reader.read()
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\nVia: x",
        b"INVITE sip:a@b SIP/2.0\r\nl: 99\r\n\r\n",
    ],
    ids=["nothing", "keep-alives", "head", "body"],
)
async def test_a_message_that_never_ends_is_cut_off(
    beginning: bytes, server: SipServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "FIRST_MESSAGE_S", 0.2)
    monkeypatch.setattr(wire, "WHOLE_MESSAGE_S", 0.2)
    reader, writer = await tcp(server)
    writer.write(beginning)
    assert await closed_by_server(reader)
    writer.close()


async def test_a_second_message_that_never_ends_is_cut_off_too(
    server: SipServer, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "WHOLE_MESSAGE_S", 0.2)
    reader, writer = await tcp(server)
    whole = phone.text("OPTIONS").replace("/UDP", "/TCP").encode()
    writer.write(whole + whole[:100])
    assert await closed_by_server(reader)
    writer.close()


async def test_a_peer_that_was_heard_may_stay_and_be_quiet(
    server: SipServer, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "FIRST_MESSAGE_S", 0.1)
    monkeypatch.setattr(wire, "WHOLE_MESSAGE_S", 0.1)
    reader, writer = await tcp(server)
    for branch in ("a", "b"):
        text = phone.text("OPTIONS").replace("/UDP", "/TCP").replace("branch=", f"branch={branch}")
        writer.write(text.encode())
        async with asyncio.timeout(WAIT_S):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200")
        await asyncio.sleep(0.3)
    assert server.counters().sip_connections == 1
    writer.close()


async def test_a_length_that_lies_ends_the_stream(
    server: SipServer, phone: Phone, bot: Bot
) -> None:
    reader, writer = await tcp(server)
    text = phone.text("OPTIONS").replace("/UDP", "/TCP").replace("Length: 0", "Length: 5")
    writer.write(text.encode() + b"x" * 5000)
    assert await closed_by_server(reader)
    assert server.counters().sip_malformed == 1
    writer.close()


async def test_idle_connections_make_room_and_leave_nothing_behind(
    start_server: StartServer, phone: Phone, bot: Bot
) -> None:
    guard = AddressGuard(GuardPolicy(connections=60, connections_per_address=25))
    server = await start_server(guard=guard)
    idle = [await tcp(server, f"127.0.0.{n % 4 + 10}") for n in range(150)]
    await bot.until(lambda bot: guard.snapshot(0).counts["sip", "connection_closed"] == 90, "room")
    assert server.counters().sip_connections == 60
    reader, writer = await tcp(server, OTHER)
    writer.write(phone.text("OPTIONS").replace("/UDP", "/TCP").encode())
    async with asyncio.timeout(WAIT_S):
        assert (await reader.readline()) == b"SIP/2.0 200 OK\r\n"
    for _, each in [*idle, (reader, writer)]:
        each.close()
    async with asyncio.timeout(WAIT_S):
        while server.counters().sip_connections:
            await asyncio.sleep(0.01)


async def test_who_does_not_read_answers_is_dropped(
    server: SipServer, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MAX_UNSENT", 1000)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", server.port))

    async def ask_without_end() -> None:
        for n in range(100_000):
            text = phone.text("OPTIONS", branch=n).replace("branch=", f"x={'y' * 8000};branch=")
            over_tcp = text.replace("/UDP", "/TCP").encode()
            await asyncio.get_running_loop().sock_sendall(deaf, over_tcp)

    async with asyncio.timeout(WAIT_S):
        with pytest.raises(ConnectionError):
            await ask_without_end()
    deaf.close()


# What the parsers make of mutilated messages


@given(
    st.sampled_from(TORTURES),
    st.lists(
        st.tuples(st.integers(0, 1500), st.binary(max_size=8), st.integers(0, 40)), max_size=8
    ),
)
def test_mutilated_messages_are_read_or_refused_and_nothing_else(
    message: Torture, cuts: list[tuple[int, bytes, int]]
) -> None:
    data = message.build(5060)
    for at, put_in, left_out in cuts:
        data = data[:at] + put_in + data[at + left_out :]
    with contextlib.suppress(BrokenStream):
        StreamFramer().feed(data)
    try:
        _, head = parse_message(data)
    except MalformedMessage:
        return
    assert head.call_id
    assert 0 <= head.cseq < 2**31


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Max-Forwards: 70", b"X-Long: " + b"x" * 20_000),
        (b"Max-Forwards: 70", b"Supported: " + b"a," * 600),
        (b"Max-Forwards: 70", b"\r\n".join(b"X-%d: y" % n for n in range(300))),
        (b"OPTIONS sip:user@", b"OPTIONS sip:" + b"u" * 20_000 + b"@"),
        (b"OPTIONS sip", b"O" * 65 + b" sip"),
    ],
    ids=["long", "values", "headers", "uri", "method"],
)
def test_what_is_too_large_is_refused(old: bytes, new: bytes) -> None:
    plain = next(each for each in TORTURES if each.name == "zeromf").build(5060)
    plain = plain.replace(b"Max-Forwards: 0", b"Max-Forwards: 70")
    parse_message(plain)
    with pytest.raises(MalformedMessage):
        parse_message(plain.replace(old, new))


def test_a_description_without_end_is_refused_with_413() -> None:
    plain = next(each for each in TORTURES if each.name == "esc01").build(5060)
    head, body = plain.split(b"\r\n\r\n", 1)
    body += b"m=audio 1 RTP/AVP 0\r\n" * 40
    with pytest.raises(MalformedMessage) as refused:
        parse_message(head.replace(b"Content-Length", b"X") + b"\r\n\r\n" + body)
    assert refused.value.status == 413
