"""REGISTER at providers: password, Min-Expires, refresh, the next server, good-bye."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiosipua import SipResponse

from tests.telephony.sip.conftest import StartServer
from tests.telephony.sip.far_end import FarEnd
from voicebot.telephony.sip import Access, Credentials, Provider, SipServer, registration
from voicebot.telephony.sip.providers import Server
from voicebot.telephony.sip.registration import RetryPause, granted, refresh_after

OpenRegistrar = Callable[[], Awaitable[FarEnd]]
CHALLENGE = {"WWW-Authenticate": 'Digest realm="p", nonce="n1", qop="auth", algorithm=MD5'}


@pytest.fixture
async def open_registrar() -> AsyncIterator[OpenRegistrar]:
    opened: list[FarEnd] = []

    async def open_one() -> FarEnd:
        opened.append(await FarEnd.open())
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def provider(*servers: FarEnd) -> Provider:
    return Provider(
        name="trunk",
        servers=tuple(Server("127.0.0.1", each.sip.port) for each in servers),
        domain="provider.example",
        credentials=Credentials("4711", "sesame"),
    )


async def until(server: SipServer, registered: bool) -> None:
    async with asyncio.timeout(30):
        while server.registrations()["trunk"].registered != registered:
            await asyncio.sleep(0.01)


def test_pauses_grow_and_leave_something_to_chance() -> None:
    least, most = RetryPause(lambda: 0.0), RetryPause(lambda: 1.0)
    assert [least.next() for _ in range(3)] == [2.5, 5.0, 10.0]
    assert [most.next() for _ in range(9)][-1] == 600.0
    most.reset()
    assert most.next() == 5.0


def test_a_registration_is_renewed_well_before_its_end() -> None:
    assert 0.7 * 600 < refresh_after(600, 0.0) < refresh_after(600, 1.0) < 0.9 * 600


def test_what_was_granted_is_told_by_our_own_contact() -> None:
    answer = SipResponse(status_code=200, reason_phrase="OK")
    ours = "<sip:4711@192.0.2.1:5060>"
    assert granted(answer, ours, 600) == 600
    answer.headers.set_single("Expires", "300")
    assert granted(answer, ours, 600) == 300
    answer.headers.append("Contact", "<sip:4711@192.0.2.9:5060>;expires=50")
    answer.headers.append("Contact", "<sip:4711@192.0.2.1:5060>;q=1;expires=120")
    assert granted(answer, ours, 600) == 120


async def test_we_register_with_the_password_and_leave_at_the_end(
    start_server: StartServer, open_registrar: OpenRegistrar
) -> None:
    registrar = await open_registrar()
    server = await start_server(providers=[provider(registrar)])
    first = await registrar.expect("REGISTER")
    assert first.uri == "sip:provider.example"
    assert first.headers.get("to") == ["<sip:4711@provider.example>"]
    registrar.answer(first, 401, headers=CHALLENGE)
    second = await registrar.expect("REGISTER", but=())
    assert 'username="4711"' in second.headers.get("authorization")[0]
    assert second.headers.get("call-id") == first.headers.get("call-id")
    registrar.answer(second, 200, headers={"Expires": "600"})
    await until(server, registered=True)
    assert server.registrations()["trunk"].server == f"127.0.0.1:{registrar.sip.port}"
    stopping = asyncio.create_task(server.stop(goodbye_s=2))
    bye = await registrar.expect("REGISTER")
    assert bye.headers.get("expires") == ["0"]
    registrar.answer(bye, 200)
    await stopping


async def test_too_brief_is_asked_again_for_longer(
    start_server: StartServer, open_registrar: OpenRegistrar
) -> None:
    registrar = await open_registrar()
    server = await start_server(providers=[provider(registrar)])
    registrar.answer(await registrar.expect("REGISTER"), 423, headers={"Min-Expires": "3600"})
    second = await registrar.expect("REGISTER")
    assert second.headers.get("expires") == ["3600"]
    registrar.answer(second, 200)
    await until(server, registered=True)


async def test_it_is_renewed_in_time(
    start_server: StartServer, open_registrar: OpenRegistrar
) -> None:
    registrar = await open_registrar()
    server = await start_server(providers=[provider(registrar)])
    first = await registrar.expect("REGISTER")
    registrar.answer(first, 200, headers={"Expires": "1"})
    again = await registrar.expect("REGISTER")
    numbers = [int(each.headers.get("cseq")[0].split()[0]) for each in (first, again)]
    assert numbers == [1, 2]
    registrar.answer(again, 200)
    await until(server, registered=True)


async def test_the_next_server_is_asked_where_one_refuses(
    start_server: StartServer, open_registrar: OpenRegistrar
) -> None:
    first, second = await open_registrar(), await open_registrar()
    server = await start_server(providers=[provider(first, second)])
    first.answer(await first.expect("REGISTER"), 503)
    second.answer(await second.expect("REGISTER"), 200)
    await until(server, registered=True)
    # Calls out go by the server that knows us.
    dialing = asyncio.create_task(server.dial("1000"))
    await second.take_call()
    await (await dialing).hang_up()


async def test_a_server_that_says_nothing_is_left_for_the_next(
    start_server: StartServer, open_registrar: OpenRegistrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "ANSWER_WITHIN_S", 0.2)
    first, second = await open_registrar(), await open_registrar()
    server = await start_server(providers=[provider(first, second)])
    await first.expect("REGISTER")
    second.answer(await second.expect("REGISTER"), 200)
    await until(server, registered=True)


async def test_a_wrong_password_is_told_and_not_tried_on_and_on(
    start_server: StartServer, open_registrar: OpenRegistrar
) -> None:
    registrar = await open_registrar()
    server = await start_server(providers=[provider(registrar)])
    for _ in range(2):
        registrar.answer(await registrar.expect("REGISTER"), 401, headers=CHALLENGE)
    async with asyncio.timeout(30):
        while not server.registrations()["trunk"].problem:
            await asyncio.sleep(0.01)
    state = server.registrations()["trunk"]
    assert "the user or password is wrong" in state.problem
    assert (state.registered, state.failures) == (False, 1)


async def test_a_provider_s_own_calls_need_no_password(
    start_server: StartServer, open_registrar: OpenRegistrar
) -> None:
    from tests.telephony.sip.phone import Phone

    registrar = await open_registrar()
    server = await start_server(
        providers=[provider(registrar)], access=Access(users={"anna": "sesame"})
    )
    registrar.answer(await registrar.expect("REGISTER"), 200)
    await until(server, registered=True)
    phone = await Phone.open(server.port)
    await phone.dial()
    await phone.hang_up()
    phone.close()
