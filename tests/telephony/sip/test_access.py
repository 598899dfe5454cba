"""Who may call in, at the door itself: asked for a password, let in, kept out, counted."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tests.peers import sipp
from tests.peers.sipp import Sipp
from tests.telephony.sip.conftest import SCENARIOS, Bot, OpenPhone, StartServer
from tests.telephony.sip.phone import Phone
from voicebot.errors import CallError
from voicebot.telephony.sip import Access, Credentials
from voicebot.telephony.sip.digest import answer_challenge

USERS = Access(users={"anna": "sesame"})
STRICT = Access(networks=(IPv4Network("198.51.100.0/24"),))


def shown(challenges: list[str], phone: Phone, password: str, method: str = "INVITE") -> str:
    uri = f"sip:1000@127.0.0.1:{phone.server_port}"
    found = answer_challenge(
        401, {"www-authenticate": challenges}, Credentials("anna", password), method, uri
    )
    assert found is not None
    return found[1]


async def test_a_taken_port_is_told_with_a_remedy(start_server: StartServer) -> None:
    first = await start_server()
    with pytest.raises(CallError, match=r"something listens there already.* or set sip\.port"):
        await start_server(port=first.port)


async def test_an_address_that_is_not_ours_is_told(start_server: StartServer) -> None:
    with pytest.raises(CallError, match=r"no such address. Check sip\.host"):
        await start_server(host="192.0.2.1")


async def test_a_caller_with_the_password_gets_in(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(access=USERS)
    phone = await open_phone(port=server.port)
    phone.invite()
    asked = await phone.expect(401)
    challenges = asked.headers.get("www-authenticate")
    assert [text.count("Digest") for text in challenges] == [1, 1]
    phone.ack()
    phone.cseq += 1
    phone.invite(headers={"Authorization": shown(challenges, phone, "sesame")})
    phone.establish(await phone.expect(200))
    phone.ack()
    # Within the call nobody is asked again.
    await phone.hang_up()
    assert len(bot.arrived) == 1
    assert server.counters().unwelcome == {"who are you": 1}


async def test_a_wrong_password_is_asked_for_again_and_counted(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(access=USERS)
    phone = await open_phone(port=server.port)
    phone.invite()
    challenges = (await phone.expect(401)).headers.get("www-authenticate")
    phone.ack()
    phone.cseq += 1
    phone.invite(headers={"Authorization": shown(challenges, phone, "guess")})
    again = await phone.expect(401)
    assert again.headers.get("www-authenticate") != challenges
    phone.ack()
    assert (bot.arrived, bot.refused) == ([], [])
    assert server.counters().unwelcome == {"who are you": 1, "wrong": 1}


async def test_other_questions_need_the_password_too(
    start_server: StartServer, open_phone: OpenPhone
) -> None:
    server = await start_server(access=USERS)
    phone = await open_phone(port=server.port)
    phone.request("OPTIONS")
    challenges = (await phone.expect(401)).headers.get("www-authenticate")
    phone.request("OPTIONS", {"Authorization": shown(challenges, phone, "sesame", "OPTIONS")})
    await phone.expect(200)


async def test_an_address_that_is_not_on_the_list_is_forbidden(
    start_server: StartServer, open_phone: OpenPhone, bot: Bot
) -> None:
    server = await start_server(access=STRICT)
    phone = await open_phone(port=server.port)
    phone.invite()
    await phone.expect(403)
    phone.ack()
    assert bot.arrived == []
    assert server.counters().unwelcome == {"forbidden": 1}


async def test_an_address_on_the_list_needs_no_password(
    start_server: StartServer, open_phone: OpenPhone
) -> None:
    access = Access(users={"anna": "sesame"}, networks=(IPv4Network("127.0.0.0/8"),))
    server = await start_server(access=access)
    phone = await open_phone(port=server.port)
    await phone.dial()
    await phone.hang_up()


@pytest.mark.peer
@pytest.mark.skipif(sipp.PROGRAM is None, reason=sipp.MISSING)
async def test_sipp_proves_who_it_is(start_server: StartServer, bot: Bot, tmp_path: Path) -> None:
    access = Access(users={"anna": "sesame"}, algorithms=("MD5",))
    server = await start_server(access=access)
    caller = Sipp(SCENARIOS / "digest.xml", server.port, tmp_path, {"password": "sesame"})
    result = await caller.run()
    assert result.code == 0, result.output
    assert len(bot.arrived) == 1
