"""A supervisor finds a call on the wall, hears it in a real browser, and takes the caller over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.test_desk import add_user, hears_the_agent, speaking
from tests.end_to_end.test_human_queue import agents, application, spoken
from tests.peers import baresip
from tests.peers.baresip import Baresip
from tests.peers.chromium import Chromium, chromium
from tests.peers.looks import looked_at
from tests.peers.phone import dialled
from tests.peers.ports import free_ports
from tests.peers.server import ServerProcess

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
    pytest.mark.skipif(baresip.PROGRAM is None, reason=baresip.MISSING),
    pytest.mark.skipif(chromium() is None, reason="no browser (Debian: chromium)"),
]

HEARS = """(async () => {
  const context = new AudioContext(), analyser = context.createAnalyser();
  context.createMediaStreamSource(document.querySelector('#sound').srcObject).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  for (let looks = 0; looks < 200; looks++) {
    await new Promise((then) => setTimeout(then, 50));
    analyser.getFloatTimeDomainData(samples);
    if (samples.some((sample) => Math.abs(sample) > 0.05)) return true;
  }
  return false;
})()"""
PASSWORD = "correct horse battery"


async def to_the_wall(browser: Chromium, server: ServerProcess) -> None:
    await browser.open(f"{server.http}/sign-in?next=/supervisor")
    for name, value in (("name", "sue"), ("password", PASSWORD)):
        await browser.evaluate(f"document.querySelector('#{name}').value = {json.dumps(value)}")
    await browser.click("#submit")


async def test_a_supervisor_hears_a_call_of_the_wall_and_takes_it_over(tmp_path: Path) -> None:
    phone_folder, ports = tmp_path / "phone", free_ports(20)
    phone_folder.mkdir()
    async with Baresip("", spoken(tmp_path, 60), phone_folder, limit_s=120) as phone:
        settings = {
            "SERVER__APPLICATION": str(application(tmp_path / "shop")),
            "CONFIG": agents(tmp_path, anna=phone.called_at),
            "WEBRTC__PORTS": f"{ports}-{ports + 19}",
            "DESK__CAPTIONS": "off",
        }
        data = tmp_path / "data"
        async with ServerProcess(data, settings) as server:
            await add_user(data, "sue", "supervisor")
            async with Chromium(speaking(tmp_path / "supervisor.wav")) as browser:
                await to_the_wall(browser, server)
                async with dialled(server, "5550100") as caller:
                    await browser.until("document.querySelector('#agents a.listen')")
                    await browser.click("#agents a.listen")
                    await browser.until("document.activeElement?.dataset?.call")
                    await browser.evaluate("document.activeElement.click()")
                    await browser.until(
                        "document.querySelector('#listening').ariaPressed == 'true'"
                    )
                    assert await browser.evaluate(HEARS)
                    await looked_at(browser, "listen")
                    await browser.click("#talking")
                    await browser.click("#yes")
                    await browser.until("document.querySelector('#talking').ariaPressed == 'true'")
                    await hears_the_agent(caller)
                    await browser.click("#ending")
                    await browser.click("#yes")
                    await caller.ended(30)
                assert browser.console == []
            call = await server.finished_call("5550100")
    assert (call["outcome"], call["reason"]) == ("transferred", "a supervisor ended the call")
