"""What goes wrong around a call: workers die, the server is full, told to stop, or killed."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.peers.phone import dialled
from tests.peers.server import ServerProcess
from voicebot.telephony.sip_client import CallRefused

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.peer,
    pytest.mark.model,
]


async def test_dead_recogniser_costs_an_apology_and_not_the_call(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, dialled(server, "unlucky") as phone:
        await phone.call.speech(phone.since)
        (worker,) = server.workers("Recognizer")
        # Stopped, it takes the job but does not answer; then it dies at work.
        os.kill(worker, signal.SIGSTOP)
        await phone.say("hours")
        await asyncio.sleep(0.4)
        os.kill(worker, signal.SIGKILL)
        await phone.listen()
        await phone.say("hours")
        await phone.listen()
        await phone.call.hang_up()
        call = await server.finished_call("unlucky")
        restarts = 'voicebot_worker_restarts_total{pool="recognition"}'
        assert await server.metric(restarts) == 1
    assert "something went wrong on my side" in call["turns"][1]["prompt"]
    assert call["turns"][1]["heard"]["semantics"] == {"intent": "hours"}
    assert call["outcome"] == "self_served"


async def test_call_past_the_limit_is_refused_and_recorded(tmp_path: Path) -> None:
    settings = {"CALLS__MAX_CALLS": "1", "CALLS__RETRY_AFTER_S": "7"}
    async with ServerProcess(tmp_path, settings) as server, dialled(server, "first") as phone:
        await phone.call.speech(phone.since)
        with pytest.raises(CallRefused) as refused:
            async with dialled(server, "second"):
                raise AssertionError("the second call was let in")
        assert refused.value.status == 486
        await phone.press("4271#")
        await phone.listen()
        await phone.call.hang_up()
        assert (await server.finished_call("first"))["outcome"] == "self_served"
        second = await server.finished_call("second")
        assert (second["outcome"], second["answered_at"]) == ("refused", None)
        async with dialled(server, "third") as next_phone:
            await next_phone.call.speech(next_phone.since)


async def test_server_told_to_stop_lets_the_call_finish_and_takes_no_other(tmp_path: Path) -> None:
    settings = {"SERVER__DRAIN_S": "30"}
    async with ServerProcess(tmp_path, settings) as server, dialled(server, "last") as phone:
        await phone.call.speech(phone.since)
        server.tell(signal.SIGTERM)
        await asyncio.sleep(0.3)
        with pytest.raises(CallRefused) as refused:
            async with dialled(server, "too-late"):
                raise AssertionError("a call was let in")
        assert refused.value.status == 503
        await phone.press("4271#")
        await phone.listen()
        await phone.say("goodbye")
        assert await phone.ended() == "the other side hung up"
        assert await server.ended(15) == 0
    async with ServerProcess(tmp_path) as server:
        assert (await server.finished_call("last"))["outcome"] == "self_served"
        assert (await server.finished_call("too-late"))["outcome"] == "refused"


async def test_call_that_outlasts_the_patience_is_told_so(tmp_path: Path) -> None:
    settings = {"SERVER__DRAIN_S": "0.5"}
    async with ServerProcess(tmp_path, settings) as server:
        async with dialled(server, "slow") as phone:
            await phone.call.speech(phone.since)
            server.tell(signal.SIGTERM)
            assert await phone.ended() == "the other side hung up"
        assert await server.ended(15) == 0
    async with ServerProcess(tmp_path) as server:
        call = await server.finished_call("slow")
        assert "we have to close this line" in call["turns"][-1]["prompt"]
        assert call["reason"] == "voicebot was stopped"


async def test_killed_server_loses_no_finished_turn(tmp_path: Path) -> None:
    async with ServerProcess(tmp_path) as server, dialled(server, "cut-off") as phone:
        await phone.call.speech(phone.since)
        await phone.press("4271#")
        await phone.listen()
        await server.kill()
    async with ServerProcess(tmp_path) as server:
        call = await server.finished_call("cut-off")
    assert call["turns"][0]["heard"]["semantics"]["number"] == "4271"
    assert call["outcome"] == "failed"
    assert call["reason"] == "voicebot stopped during the call"


async def test_caller_without_audio_is_hung_up_on(tmp_path: Path) -> None:
    settings = {"SIP__MEDIA_TIMEOUT_S": "1"}
    async with ServerProcess(tmp_path, settings) as server, dialled(server, "dead-line") as phone:
        await phone.call.speech(phone.since)
        phone.call.line.sending = False
        assert await phone.ended() == "the other side hung up"
        call = await server.finished_call("dead-line")
    assert call["outcome"] == "failed"
    assert "no audio" in call["reason"]
