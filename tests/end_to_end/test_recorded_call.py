"""A recorded call on a server of its own: asked first, written while it runs, given over HTTP, and
forgotten."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from tests.peers.phone import dialled
from tests.peers.server import ServerProcess

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
]


NUMBER = "15550104477"


def _holds(folder: Path, text: str) -> bool:
    files = (file for file in folder.rglob("*") if file.is_file())
    return any(text.encode() in file.read_bytes() for file in files)


async def test_a_call_is_recorded_after_its_consent(tmp_path: Path) -> None:
    settings = {
        "RECORDING__ENABLED": "true",
        "RECORDING__FORMAT": "opus",
        "RECORDING__CONSENT": "opt_in",
    }
    async with ServerProcess(tmp_path / "data", settings) as server:
        async with dialled(server, NUMBER) as phone:
            await phone.listen()
            await phone.press("1")
            greeting = await phone.listen()
            assert (await server.calls(NUMBER))[0]["recording"] is not None
        call = await server.finished_call(NUMBER)
        assert call["turns"][0]["step"] == "recording consent"
        async with httpx.AsyncClient(base_url=server.http, headers=server.credentials) as client:
            answer = await client.get(call["recording"])
            part = await client.get(call["recording"], headers={"Range": "bytes=0-3"})
            whole = (await client.get(f"/api/calls/{call['id']}")).json()
            waveform = (await client.get(f"/api/calls/{call['id']}/waveform")).json()
            said = whole["turns"][0]["prompt"]
            found = (await client.get("/api/search", params={"q": f'"{said}"'})).json()
            # Nothing of the caller is left in any file, while the server goes on.
            data = tmp_path / "data"
            assert _holds(data, NUMBER)
            assert _holds(data, call["turns"][0]["prompt"])
            wish = {"number": NUMBER, "sure": True}
            gone = (await client.post("/api/forget", json=wish)).json()
            assert (gone["calls"], gone["recordings"], gone["left"]) == (1, 1, "")
            assert not _holds(data, NUMBER)
            assert not any(file.is_file() for file in (data / "recordings").rglob("*"))
            assert (await client.get(f"/api/calls/{call['id']}")).json()["turns"] == []
    assert answer.status_code == 200
    assert (part.status_code, part.content) == (206, b"OggS")
    sound, rate = soundfile.read(io.BytesIO(answer.content))
    assert (rate, sound.shape[1]) == (8000, 2)
    assert len(sound) >= len(greeting) - 8000
    assert np.abs(sound[:, 1]).max() > 0.05  # the bot's greeting
    assert np.abs(sound[:, 0]).max() < 0.05  # a caller who pressed a key and was silent
    assert whole["turns"][0]["said_at"] is not None
    assert "bot" in {each["part"] for each in whole["timeline"]}
    bots = [each for each in waveform["timeline"] if each["part"] == "bot"]
    assert bots, "the greeting is in the recording"
    assert not any(each["estimated"] for each in bots)
    assert (found["hits"][0]["call"], found["hits"][0]["turn"]) == (call["id"], 1)
