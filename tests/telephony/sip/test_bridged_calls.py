"""Two real SIP calls joined: each phone hears the other and not itself, until one hangs up."""

from __future__ import annotations

import asyncio

import numpy as np

from voicebot.media import g711
from voicebot.telephony._api import Admission, CallLeg, LegEnded, Reception
from voicebot.telephony.bridge import Bridge, attend
from voicebot.telephony.sip import SipServer
from voicebot.telephony.sip_client import SipClient
from voicebot.types import Samples


def _tone(hertz: float) -> bytes:
    return g711.encode((np.sin(np.arange(8000) * 2 * np.pi * hertz / 8000) * 9000).astype(np.int16))


def _strength(heard: Samples, hertz: float) -> float:
    """Amplitude of one frequency."""
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(heard)) / 8000)
    return float(2 * np.abs(np.mean(heard * wave)))


async def test_two_phones_hear_each_other_until_one_hangs_up() -> None:
    bridge = Bridge(8000)
    ended: dict[str, LegEnded] = {}

    async def serve(leg: CallLeg) -> None:
        await leg.answer()
        seat = bridge.join(leg.info.caller, leg.sample_rate)
        ended[leg.info.caller] = await attend(leg, seat)

    server = SipServer(
        host="127.0.0.1",
        port=0,
        rtp_ports=(35000, 35099),
        reception=Reception(lambda _: Admission(True), serve, lambda info, status: None),
    )
    await server.start()
    try:
        async with SipClient() as client:
            target = f"sip:bridge@127.0.0.1:{server.port}"
            alice = await client.call(target, caller="alice")
            bob = await client.call(target, caller="bob")
            began = asyncio.get_running_loop().time()
            alice.play(_tone(500))
            bob.play(_tone(800))
            await alice.sent()
            await bob.sent()
            await alice.quiet(began)
            now = asyncio.get_running_loop().time()
            at_alice = alice.line.heard(began, now).astype(float)
            at_bob = bob.line.heard(began, now).astype(float)
            assert _strength(at_alice, 800) > 20 * _strength(at_alice, 500)
            assert _strength(at_bob, 500) > 20 * _strength(at_bob, 800)
            await bob.hang_up()
            async with asyncio.timeout(30):
                while "bob" not in ended:
                    await asyncio.sleep(0.01)
            assert ended["bob"].reason == "caller hung up"
            assert [seat.name for seat in bridge.seats] == ["alice"]
    finally:
        await server.stop()
    assert bridge.seats == ()
