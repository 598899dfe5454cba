"""A caller waits in a queue of a server of its own, and an agent answers in a real browser."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.peers.chromium import Chromium, chromium
from tests.peers.looks import looked_at
from tests.peers.phone import Phone, dialled
from tests.peers.ports import free_ports
from tests.peers.server import ROOT, ServerProcess
from tests.peers.shop import agents, shop
from voicebot.cli.caller_voice import utter
from voicebot.media.frames import is_silent
from voicebot.media.resample import resample
from voicebot.types import Samples

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
]

RINGING = "document.querySelector('#ringing').innerText"
PASSWORD = "correct horse battery"
FLOW = """\
start: wants
steps:
  wants:
    set: {order: "17"}
    matter: {about: return, number: "{order}"}
    next: to_agent
  to_agent:
    transfer: queue:support
    context: {order: "{order}"}
    on_failure: nobody
    next: afterwards
  nobody: {say: Nobody is there., hangup: auto}
  afterwards: {say: "Thank you, {transfer.to}.", hangup: auto}
"""
QUEUES = """\
queues:
  support:
    wrap_up_s: manual
    codes: [solved, called_again]
    returns: [survey]
"""


def application(folder: Path) -> Path:
    return shop(folder, FLOW, QUEUES)


async def add_user(data: Path, name: str, role: str = "agent") -> None:
    adding = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "voicebot.cli.main", "user", "add", name,
        "--role", role, "--password-stdin",
        cwd=ROOT,
        env={**os.environ, "VOICEBOT_SERVER__DATA": str(data)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await adding.communicate(PASSWORD.encode() + b"\n")
    assert adding.returncode == 0


async def sign_in(browser: Chromium, server: ServerProcess) -> None:
    await browser.open(f"{server.http}/sign-in?next=/desk")
    for name, value in (("name", "anna"), ("password", PASSWORD)):
        await browser.evaluate(f"document.querySelector('#{name}').value = {json.dumps(value)}")
    await browser.click("#submit")
    await browser.until("location.pathname == '/desk' && document.querySelector('#me')?.innerText")


async def put(browser: Chromium, field: str, value: str, event: str) -> None:
    """Fill a field as if it had been typed or chosen."""
    await browser.evaluate(
        f"{field}.value = {value!r}; {field}.dispatchEvent(new Event('{event}'))"
    )


def speaking(path: Path) -> Path:
    """The agent's microphone: a sentence now and then."""
    sentence = resample(utter("I will send you a label").audio, 8000, 48_000)
    sound: Samples = np.zeros(48_000 * 90, np.int16)
    for at in range(0, 86 * 48_000, 4 * 48_000):
        sound[at : at + len(sentence)] = sentence
    soundfile.write(path, sound, 48_000)
    return path


async def hears_the_agent(caller: Phone) -> None:
    """Wait until the caller hears pauses between words: the music has none."""
    paused = False
    async with asyncio.timeout(30):
        while True:
            sound = caller.call.line.heard(asyncio.get_running_loop().time() - 0.3)
            quiet = is_silent(sound)
            if paused and not quiet:
                return
            paused = paused or (len(sound) > 800 and quiet)
            await asyncio.sleep(0.05)


@pytest.mark.skipif(chromium() is None, reason="no browser (Debian: chromium)")
async def test_an_agent_answers_by_key_talks_writes_a_note_and_sends_the_caller_back(
    tmp_path: Path,
) -> None:
    ports = free_ports(20)
    settings = {
        "SERVER__APPLICATION": str(application(tmp_path / "shop")),
        "CONFIG": agents(tmp_path, {"anna": ""}),
        "WEBRTC__PORTS": f"{ports}-{ports + 19}",
        "DESK__CAPTIONS": "off",
    }
    data = tmp_path / "data"
    async with ServerProcess(data, settings) as server:
        await add_user(data, "anna")
        async with Chromium(speaking(tmp_path / "agent.wav")) as browser:
            await sign_in(browser, server)
            await browser.click("#ready")
            await browser.until("document.querySelector('#presence').innerText == 'Ready'")
            async with dialled(server, "5550100") as caller:
                await browser.until(
                    "document.querySelector('#ringing').innerText.includes('Return')"
                )
                assert "17" in await browser.evaluate(
                    "document.querySelector('#ringing').innerText"
                )
                await browser.type("a")
                await browser.until("document.querySelector('#presence').innerText == 'Talking'")
                await browser.until("!document.querySelector('#hold').disabled")
                await hears_the_agent(caller)
                await looked_at(browser, "desk")
                await browser.type("n")
                await browser.evaluate(
                    "note.value = 'Sent a label.'; note.dispatchEvent(new Event('input'))"
                )
                await browser.evaluate(
                    "code.value = 'solved'; code.dispatchEvent(new Event('change'))"
                )
                await browser.until("document.querySelector('#kept').innerText == 'Kept.'")
                await browser.click("#show-turn")
                await browser.until("!document.querySelector('#turn').hidden")
                await browser.evaluate(
                    "kind.value = 'flow'; kind.dispatchEvent(new Event('change'))"
                )
                await browser.click("#send-on")
                await caller.ended(30)
            await browser.until("!document.querySelector('#finish').hidden")
            await browser.click("#finish")
            await browser.until("document.querySelector('#finish').hidden")
            assert browser.console == []
        call = await server.finished_call("5550100")
    assert call["outcome"] == "transferred"
    assert call["turns"][-1]["prompt"] == "Thank you, survey."
