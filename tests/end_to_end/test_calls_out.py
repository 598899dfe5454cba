"""The whole server calls a real phone, and writes down what came of it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from tests.peers import baresip
from tests.peers.baresip import Baresip
from tests.peers.server import ServerProcess
from voicebot.media.resample import resample

pytestmark = [
    pytest.mark.peer,
    pytest.mark.model,
    pytest.mark.skipif(baresip.PROGRAM is None, reason=baresip.MISSING),
    pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed"),
]

FLITE = shutil.which("flite")
SAID = (
    "Hello, you have reached Anna Miller. I cannot take your call at the moment. Please leave a "
    "message after the tone."
)
TOKEN = {"Authorization": "Bearer sesame"}


async def dial(server: ServerProcess, target: str) -> dict[str, Any]:
    """Dial and follow to the end of the dialling."""
    async with httpx.AsyncClient(base_url=server.http, headers=TOKEN) as client:
        asked = {"target": target, "caller": "100"}
        report = (await client.post("/api/dial", json=asked)).raise_for_status().json()
        async with asyncio.timeout(30):
            while report["state"] == "dialling" or (
                report["state"] == "answered" and not report["answered_by"]
            ):
                await asyncio.sleep(0.1)
                report = (await client.get(f"/api/dial/{report['id']}")).json()
    found: dict[str, Any] = report
    return found


def greeting(folder: Path) -> Path:
    """A machine: it speaks, beeps and listens."""
    assert FLITE is not None
    spoken = folder / "spoken.wav"
    subprocess.run([FLITE, "-t", SAID, "-o", str(spoken)], check=True)
    voice, rate = soundfile.read(spoken, dtype="int16")
    beep = 8000 * np.sin(2 * np.pi * 1000 * np.arange(8000 // 2) / 8000)
    rest = np.concatenate([np.zeros(2000), beep, np.zeros(8000 * 20)]).astype(np.int16)
    said = folder / "said.wav"
    sound = np.concatenate([resample(voice, rate, 8000), rest])
    soundfile.write(said, sound, 8000, subtype="PCM_16")
    return said


async def test_a_phone_is_called_and_the_record_says_what_came_of_it(tmp_path: Path) -> None:
    settings = {"OUTBOUND__TOKEN": "sesame"}
    phone_folder = tmp_path / "phone"
    phone_folder.mkdir()
    async with ServerProcess(tmp_path / "data", settings) as server:
        phone = Baresip("", greeting(tmp_path), phone_folder, limit_s=40)
        async with phone:
            for _ in range(20):
                report = await dial(server, phone.called_at)
                if report["state"] == "answered":
                    break
                await asyncio.sleep(0.2)
            assert (report["state"], report["answered_by"]) == ("answered", "machine")
            await asyncio.sleep(1.0)
        async with asyncio.timeout(20):
            while (call := await server.get(f"/api/calls/{report['id']}"))["outcome"] is None:
                await asyncio.sleep(0.1)
        assert (call["direction"], call["answered_by"]) == ("outbound", "machine")
        assert (call["caller"], call["outcome"]) == ("100", "abandoned_in_flow")
        nobody = await dial(server, "sip:bob@127.0.0.1:9;transport=tcp")
        assert nobody["state"] == "unreachable"
        call = await server.get(f"/api/calls/{nobody['id']}")
        assert (call["outcome"], call["reason"]) == ("not_reached", "unreachable")
        assert call["answered_at"] is None
