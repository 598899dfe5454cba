"""sipp and baresip call the demo shop: phones that are not ours, with a human voice."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.peers import baresip, sipp
from tests.peers.baresip import Baresip
from tests.peers.server import ROOT, ServerProcess
from tests.peers.sipp import Sipp
from voicebot.cli.caller_voice import utter
from voicebot.media import g711
from voicebot.types import Samples

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.peer,
    pytest.mark.model,
]
needs_sipp = pytest.mark.skipif(sipp.PROGRAM is None, reason=sipp.MISSING)
needs_baresip = pytest.mark.skipif(baresip.PROGRAM is None, reason=baresip.MISSING)

GREETING_S = 11.0
ANSWER_S = 14.0


def speech() -> Samples:
    """Wait for the greeting, say an order number, listen to the answer."""
    pause, listening = (np.zeros(int(s * 8000), np.int16) for s in (GREETING_S, ANSWER_S))
    return np.concatenate([pause, utter("4271").audio, listening])


@needs_sipp
async def test_sipp_speaks_an_order_number(server: ServerProcess, tmp_path: Path) -> None:
    audio = speech()
    (tmp_path / "caller.ulaw").write_bytes(g711.encode(audio))
    keys = {
        "caller": "sipp-voice",
        "audio": str(tmp_path / "caller.ulaw"),
        "stay_ms": str(audio.size // 8),
    }
    scenario = ROOT / "tests" / "peers" / "scenarios" / "speaking_caller.xml"
    result = await Sipp(scenario, server.sip_port, tmp_path, keys, timeout_s=40).run()
    assert result.code == 0, result.output
    call = await server.finished_call("sipp-voice")
    assert call["turns"][0]["heard"]["semantics"]["number"] == "4271"
    assert "is on its way" in call["turns"][1]["prompt"]
    assert call["outcome"] == "self_served"


@needs_baresip
async def test_baresip_speaks_an_order_number_and_hears_the_status(
    server: ServerProcess, tmp_path: Path
) -> None:
    from voicebot.speech.moonshine.engine import MoonshineRecognizer

    said = tmp_path / "said.wav"
    soundfile.write(said, speech(), 8000, subtype="PCM_16")
    async with Baresip(server.target, said, tmp_path, limit_s=40) as phone:
        call = await server.finished_call("anna", 40)
    assert call["turns"][0]["heard"]["semantics"]["number"] == "4271"
    assert call["outcome"] == "self_served"
    recording = phone.heard()
    assert recording is not None
    heard, rate = soundfile.read(recording, dtype="int16")
    transcript = await asyncio.to_thread(MoonshineRecognizer().transcribe, heard, rate)
    assert "on its way" in " ".join(transcript.words)


@needs_sipp
async def test_phone_without_a_common_codec_is_refused_and_recorded(
    server: ServerProcess, tmp_path: Path
) -> None:
    scenario = ROOT / "tests" / "telephony" / "scenarios" / "refused.xml"
    keys = {"audio": "18", "status": "488", "header": "CSeq", "value": "INVITE"}
    result = await Sipp(scenario, server.sip_port, tmp_path, keys).run()
    assert result.code == 0, result.output
    refused = await server.get("/api/calls?outcome=refused")
    assert refused["calls"][0]["reason"] == "no common codec"
    assert refused["calls"][0]["turns"] == []


async def test_records_are_in_the_database_of_the_data_folder(server: ServerProcess) -> None:
    with sqlite3.connect(server.data / "voicebot.db") as database:
        count = database.execute("SELECT count(*) FROM calls WHERE ended_at IS NOT NULL").fetchone()
    database.close()
    assert count[0] >= 1
