"""The demo shop called from a real browser: Chromium with recorded speech as its microphone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import pytest_asyncio
import soundfile

from tests.peers.chromium import Chromium, chromium
from tests.peers.server import ServerProcess
from voicebot.cli.caller_voice import utter
from voicebot.media.resample import resample
from voicebot.types import Samples

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
]

STATE = "document.querySelector('#call').dataset.state"
RATE = 48_000


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServerProcess]:
    """A server of our own with a single line."""
    if chromium() is None:
        pytest.skip("no browser (Debian: chromium)")
    settings = {"CALLS__MAX_CALLS": "1", "WEBRTC__PORTS": "23000-23099"}
    async with ServerProcess(Path(tmp_path_factory.mktemp("shop")), settings) as running:
        yield running


def microphone(path: Path, *said: tuple[float, str]) -> Path:
    """A recording in which each text is said at its time (seconds)."""
    sound: Samples = np.zeros(RATE * 90, np.int16)
    for at, text in said:
        words = resample(utter(text).audio, 8000, RATE)
        begin = int(at * RATE)
        sound[begin : begin + len(words)] = words
    soundfile.write(path, sound, RATE)
    return path


async def the_call(shop: ServerProcess) -> dict[str, Any]:
    """The record of the newest call from a browser, once it is over."""
    return await shop.finished_call("web", timeout_s=20)


async def test_a_spoken_order_number_is_served_in_the_browser(
    shop: ServerProcess, tmp_path: Path
) -> None:
    heard = microphone(tmp_path / "caller.wav", (5.0, "4271"), (24.0, "goodbye"))
    async with Chromium(heard) as browser:
        await browser.open(f"{shop.http}/call")
        await browser.click("#begin")
        await browser.until(f"{STATE} == 'talking'")
        await browser.until("document.querySelector('#captions').innerText.includes('Welcome')")
        await browser.until(f"{STATE} == 'ended'", within_s=60)
        said = await browser.evaluate("document.querySelector('#captions').innerText")
        assert browser.console == []
    call = await the_call(shop)
    assert (call["transport"], call["outcome"]) == ("webrtc", "self_served")
    first = call["turns"][0]
    assert first["heard"]["mode"] == "speech"
    assert first["heard"]["semantics"]["number"] == "4271"
    assert first["barged_in"]
    assert "four two, seven one is on its way" in said
    assert said.index("Welcome") < said.index("You") < said.index("on its way")


async def test_a_keyed_order_number_is_served_and_a_second_caller_is_told_to_wait(
    shop: ServerProcess, tmp_path: Path
) -> None:
    quiet = microphone(tmp_path / "quiet.wav")
    async with Chromium(quiet) as browser:
        await browser.open(f"{shop.http}/call/")
        await browser.click("#begin")
        await browser.until("document.querySelector('#captions').innerText.includes('Welcome')")
        async with Chromium(quiet) as second:
            await second.open(f"{shop.http}/call/")
            await second.click("#begin")
            await second.until("document.body.innerText.includes('All lines are busy')")
        await browser.click("#keys")
        for place in (1, 5, 11, 8, 12):  # 1508#
            await browser.click(f".keys button:nth-child({place})")
        await browser.until("document.querySelector('#captions').innerText.includes('1508')")
        await browser.until("document.querySelector('#captions').innerText.includes('delivered')")
        await browser.click("#end")
        await browser.until(f"{STATE} == 'ended'")
    calls = (await shop.get("/api/calls?caller=web"))["calls"]
    assert [call["outcome"] for call in calls[:2]].count("refused") == 1
    served = next(call for call in calls if call["outcome"] != "refused")
    assert served["turns"][0]["heard"] == {
        "text": "1508",
        "semantics": {"intent": "order_number", "number": "1508"},
        "confidence": 1.0,
        "mode": "dtmf",
    }
    assert served["reason"] == "caller hung up"
    assert await shop.metric("voicebot_webrtc_answered_total") >= 1
    assert await shop.metric('voicebot_webrtc_refused_total{code="busy"}') >= 1


async def test_an_unknown_token_gets_no_call(shop: ServerProcess) -> None:
    offer = {"token": "x" * 32, "sdp": "v=0\r\n"}
    async with httpx.AsyncClient(base_url=shop.http, headers={"Origin": shop.http}) as client:
        answer = await client.post("/api/webrtc/offer", json=offer)
    assert (answer.status_code, answer.json()["code"]) == (401, "token")
