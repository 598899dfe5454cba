"""Calls from sipp: the scenarios of tests/telephony/scenarios against the real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.peers import sipp
from tests.peers.sipp import Sipp, SippResult
from tests.telephony.sip.conftest import SCENARIOS, Bot, StartServer
from voicebot.errors import TransferFailed
from voicebot.media import g711
from voicebot.telephony._api import Admission, AudioIn, CallLeg
from voicebot.telephony.sip import SipServer

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(sipp.PROGRAM is None, reason=sipp.MISSING),
]

KEY_RECORDINGS = Path("/usr/share/sip-tester")
needs_recordings = pytest.mark.skipif(
    not (KEY_RECORDINGS / "dtmf_2833_5.pcap").exists(),
    reason="sipp's recordings of keys are not installed (Debian: sip-tester)",
)


async def call(
    server: SipServer,
    scenario: str,
    folder: Path,
    keys: Mapping[str, str] | None = None,
    transport: str = "u1",
) -> SippResult:
    """One sipp run, which must go as its scenario says."""
    result = await Sipp(
        SCENARIOS / scenario, server.port, folder, dict(keys or {}), transport=transport
    ).run()
    assert result.code == 0, result.output
    return result


@pytest.mark.parametrize(("law", "transport"), [("PCMU", "u1"), ("PCMA", "u1"), ("PCMU", "t1")])
async def test_a_caller_is_heard_and_answered(
    server: SipServer, bot: Bot, tmp_path: Path, law: g711.Law, transport: str
) -> None:
    said = (8000 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)).astype(np.int16)
    (tmp_path / "caller.raw").write_bytes(g711.encode(said, law))
    keys = {"audio": "caller.raw", "codec": law, "format": "0" if law == "PCMU" else "8"}

    await call(server, "talk.xml", tmp_path, keys, transport)

    end = await bot.until_ended()
    assert (end.reason, end.failed) == ("caller hung up", False)
    loud = sum(
        bool(np.abs(event.samples).max() > 4000)
        for event in bot.events
        if isinstance(event, AudioIn)
    )
    assert 48 <= loud <= 56  # one second, give or take concealment at its edges
    info = bot.arrived[0]
    assert (info.caller, info.callee) == ("+4930123456", "1000")
    assert info.headers["x-shop"] == "north"
    counts = server.counters()
    assert counts.rtp_received == 50
    assert counts.rtp_lost == 0
    assert counts.frames_sent > 60


async def test_hold_and_resume(server: SipServer, bot: Bot, tmp_path: Path) -> None:
    await call(server, "hold.xml", tmp_path)
    await bot.until_ended()
    assert bot.holds() == [True, False]


async def test_cancel_before_the_answer(server: SipServer, bot: Bot, tmp_path: Path) -> None:
    bot.script = bot.listen
    await call(server, "cancel.xml", tmp_path)
    assert (await bot.until_ended()).reason == "caller hung up before the answer"


async def test_options(server: SipServer, tmp_path: Path) -> None:
    await call(server, "options.xml", tmp_path)


async def test_codecs_that_do_not_match_are_488(
    server: SipServer, bot: Bot, tmp_path: Path
) -> None:
    keys = {"audio": "18 4", "status": "488", "header": "CSeq", "value": "INVITE"}
    await call(server, "refused.xml", tmp_path, keys)
    assert bot.refused == [488]


async def test_overload_is_503_with_retry_after(
    server: SipServer, bot: Bot, tmp_path: Path
) -> None:
    bot.admission = Admission(False, 503, retry_after_s=7)
    keys = {"audio": "0", "status": "503", "header": "Retry-After", "value": "7"}
    await call(server, "refused.xml", tmp_path, keys)
    assert bot.refused == [503]


@needs_recordings
@pytest.mark.parametrize("payload_type", [101, 97])
async def test_each_key_is_heard_once(
    server: SipServer, bot: Bot, tmp_path: Path, payload_type: int
) -> None:
    for key in ("5", "pound"):
        recording = (KEY_RECORDINGS / f"dtmf_2833_{key}.pcap").read_bytes()
        (tmp_path / f"{key}.pcap").write_bytes(renumbered(recording, payload_type))
    keys = {"first": "5.pcap", "second": "pound.pcap", "type": str(payload_type)}
    await call(server, "keys.xml", tmp_path, keys)
    await bot.until_ended()
    assert bot.keys() == "5#"


def renumbered(recording: bytes, payload_type: int) -> bytes:
    """The recording with another payload type: the second octet of each RTP packet."""
    changed = bytearray(recording)
    position = 24
    while position < len(changed):
        length = int.from_bytes(changed[position + 8 : position + 12], "little")
        kind = position + 16 + 14 + 20 + 8 + 1  # behind pcap, Ethernet, IP and UDP heads
        changed[kind] = (changed[kind] & 0x80) | payload_type
        position += 16 + length
    return bytes(changed)


async def test_we_hang_up(server: SipServer, bot: Bot, tmp_path: Path) -> None:
    async def greet(leg: CallLeg) -> None:
        await leg.answer()
        async for event in leg.events():
            bot.events.append(event)
            if len(bot.events) == 10:
                await leg.hang_up()

    bot.script = greet
    await call(server, "hung_up_on.xml", tmp_path)
    assert (await bot.until_ended()).reason == "hung up by voicebot"


@pytest.mark.parametrize("scenario", ["refer_accepted.xml", "refer_refused.xml"])
async def test_transfer(server: SipServer, bot: Bot, tmp_path: Path, scenario: str) -> None:
    failures: list[int] = []

    async def transfer(leg: CallLeg) -> None:
        await leg.answer()
        listening = asyncio.create_task(bot.listen(leg))
        try:
            await leg.transfer("sip:agents@127.0.0.1", {"order": "17"})
        except TransferFailed as failure:
            failures.append(failure.status)
        await listening

    bot.script = transfer
    await call(server, scenario, tmp_path)
    end = await bot.until_ended()
    if scenario == "refer_accepted.xml":
        assert (end.reason, failures) == ("transferred", [])
    else:
        assert (end.reason, failures) == ("caller hung up", [603])


async def test_ten_calls_at_once(start_server: StartServer, bot: Bot, tmp_path: Path) -> None:
    server = await start_server()
    said = np.full(8000, 4000, np.int16)
    (tmp_path / "caller.raw").write_bytes(g711.encode(said))
    keys = {"audio": "caller.raw", "codec": "PCMU", "format": "0"}
    result = await Sipp(
        SCENARIOS / "talk.xml", server.port, tmp_path, keys, calls=10, at_once=10, rate=50
    ).run()
    assert result.code == 0, result.output
    await bot.until(lambda bot: len(bot.ends()) == 10, "the end of ten calls")
    counts = server.counters()
    assert counts.rtp_received == 500
    assert counts.requests["INVITE"] == 10
