"""A caller handed to a person over a bridge, on virtual time, with a dialer of loopback legs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from tests.sessions.conftest import VOICE, Exchange, Line
from voicebot.errors import DialFailed
from voicebot.flows.commands import TransferMode
from voicebot.media.frames import is_silent
from voicebot.sessions.handoff import HandoffServices
from voicebot.sessions.talk import Talk
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.telephony.bridge import Bridge, Role, Seat, attend
from voicebot.telephony.loopback import LoopbackCaller, pair
from voicebot.types import CallId, Outcome, Samples

MUSIC = 500
FLOW = """
start: to_agent
steps:
  to_agent:
    transfer: agents
    mode: bridge
    context: {order: "17"}
    while_waiting: Hold.
    on_failure: nobody
    next: afterwards
  nobody: {say: "Sorry, {problem}.", hangup: auto}
  afterwards:
    ask: "Was {transfer.left} good?"
    grammar: fruit
    next: bye
  bye: {say: Bye., hangup: auto}
"""


class Agents:
    """The other side: rings until ``gate`` is set, then answers or ends in ``error``."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.error: DialFailed | None = None
        self.dialled: list[tuple[str, str, dict[str, str], float]] = []
        self.cancelled = False
        self.person: LoopbackCaller | None = None
        self.bridge: Bridge | None = None
        self.seats: tuple[Seat, ...] = ()
        self.talks: list[Talk] = []

    async def dial(
        self,
        target: str,
        *,
        caller: str = "",
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> CallLeg:
        self.dialled.append((target, caller, dict(headers or {}), timeout_s))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.error is not None:
            raise self.error
        info = LegInfo(CallId("agent"), "loopback", caller="1000", callee="agent")
        leg, self.person = pair(info, start=asyncio.get_running_loop().time())
        await leg.answer()
        return leg

    def opened(self, bridge: Bridge, caller: Seat, person: Seat) -> None:
        self.bridge, self.seats = bridge, (caller, person)


@pytest.fixture
def agents(exchange: Exchange) -> Agents:
    made = Agents()

    async def sleep(seconds: float) -> None:
        await asyncio.Event().wait()

    def adapt(services: VoiceServices) -> VoiceServices:
        handoffs = HandoffServices(
            dialer=made,
            music=lambda rate: np.full(rate, MUSIC, np.int16),
            opened=made.opened,
            talking=made.talks.append,
            sleep=sleep,
        )
        return replace(services, handoffs=handoffs)

    exchange.adapt = adapt
    (exchange.application / "flows" / "main.yaml").write_text(FLOW)
    return made


async def _hear(caller: LoopbackCaller) -> int:
    """What the next frame sounds like: its first sample."""
    heard = await caller.step()
    return 0 if heard is None else int(heard[0])


async def _answered(line: Line, agents: Agents) -> LoopbackCaller:
    await line.caller.listen(200)
    agents.gate.set()
    await line.caller.listen(40)
    assert agents.person is not None
    return agents.person


async def _talk(line: Line, person: LoopbackCaller, frames: int = 10) -> tuple[int, int]:
    """Both speak; what each heard of the other last."""
    for _ in range(frames):
        await line.caller.step(np.full(160, 111, np.int16))
        await person.step(np.full(160, 222, np.int16))
    return int(line.caller.heard[-1][0]), int(person.heard[-1][0])


async def test_the_target_is_called_with_the_context(exchange: Exchange, agents: Agents) -> None:
    await exchange.call()
    assert agents.dialled == [("sip:agents@127.0.0.1", "1001", {"order": "17"}, 30.0)]


async def test_who_waits_hears_the_message_and_music(exchange: Exchange, agents: Agents) -> None:
    line = await exchange.call()
    sounds = [0]
    while len(sounds) < 3000 and sounds[-1] != MUSIC:
        sounds.append(await _hear(line.caller))
    assert sounds.count(VOICE) == 3  # 'Hold.' takes 50 ms
    assert sounds[-1] == MUSIC


async def test_the_two_talk_and_the_caller_comes_back(exchange: Exchange, agents: Agents) -> None:
    line = await exchange.call()
    person = await _answered(line, agents)
    assert await _talk(line, person) == (222, 111)
    person.hang_up()
    await line.hear_out()
    await line.say("apple")
    ended = await line.over()
    assert ended.outcome is Outcome.TRANSFERRED
    asked = [turn for turn in line.turns if turn.prompt.startswith("Hold.")]
    assert asked[0].prompt == "Hold. Was agent good?"
    assert asked[0].latency_ms is None


async def test_a_caller_who_hangs_up_while_it_rings_cancels_the_call(
    exchange: Exchange, agents: Agents
) -> None:
    line = await exchange.call()
    await line.caller.listen(200)
    await line.hang_up()
    assert agents.cancelled
    assert line.end.outcome is Outcome.ABANDONED_IN_QUEUE


async def test_a_caller_who_hangs_up_on_the_person_was_transferred(
    exchange: Exchange, agents: Agents
) -> None:
    line = await exchange.call()
    person = await _answered(line, agents)
    await _talk(line, person)
    await line.hang_up()
    assert person.ended == "the caller has left"
    assert (line.end.outcome, line.end.reason) == (Outcome.TRANSFERRED, "caller hung up")
    assert agents.bridge is not None
    assert agents.bridge.seats == ()


@pytest.mark.parametrize("outcome", ["busy", "no answer", "unreachable"])
async def test_nobody_takes_the_call_and_the_flow_says_so(
    exchange: Exchange, agents: Agents, outcome: str
) -> None:
    agents.error = DialFailed("sip:agents@127.0.0.1", outcome, 486)
    agents.gate.set()
    line = await exchange.call()
    ended = await line.over()
    assert line.turns[-1].prompt.endswith(f"Sorry, {outcome}.")
    assert ended.outcome is Outcome.ABANDONED_IN_FLOW


async def test_a_line_that_dies_brings_the_caller_back_too(
    exchange: Exchange, agents: Agents
) -> None:
    line = await exchange.call()
    person = await _answered(line, agents)
    await _talk(line, person)
    person.lose_line()
    await line.hear_out()
    await line.hang_up()
    assert line.turns[-1].prompt.endswith("Was line good?")


async def test_the_person_alone_is_told_what_it_is_about(
    exchange: Exchange, agents: Agents
) -> None:
    file = exchange.application / "flows" / "main.yaml"
    file.write_text(FLOW.replace("    next: after", "    whisper: Seventeen.\n    next: after"))
    line = await exchange.call()
    person = await _answered(line, agents)
    told: list[int] = []
    for _ in range(3000):  # the words are rendered beside the loop
        at_caller, at_person = await _hear(line.caller), await _hear(person)
        if at_person == VOICE:
            told.append(at_caller)
        elif told:
            break
    assert len(told) == 5  # 'Seventeen.' takes 100 ms
    assert set(told) == {MUSIC}
    assert await _talk(line, person) == (222, 111)


async def test_the_bot_does_not_listen_meanwhile(exchange: Exchange, agents: Agents) -> None:
    line = await exchange.call()
    person = await _answered(line, agents)
    await line.caller.speak(np.full(8000, VOICE, np.int16))
    line.caller.press("1")
    await line.caller.listen(1000)
    person.hang_up()
    await line.hear_out()
    assert not line.turns  # nothing was recognised: the script was empty


async def test_a_supervisor_listens_in_and_whispers(exchange: Exchange, agents: Agents) -> None:
    line = await exchange.call()
    person = await _answered(line, agents)
    assert agents.bridge is not None
    supervisor = agents.bridge.join("supervisor", 8000, Role.LISTENER)
    await _talk(line, person)
    heard = supervisor.next_frame(0.0)
    assert heard is not None
    supervisor.become(Role.WHISPERER, agents.seats[1])
    assert await _talk(line, person) == (222, 111)


async def test_both_sides_can_be_tapped(exchange: Exchange, agents: Agents) -> None:
    line = await exchange.call()
    person = await _answered(line, agents)
    tapped: list[tuple[str, int]] = []

    def tap(seat: Seat, samples: Samples, at: float) -> None:
        tapped.append((seat.name, int(samples[0])))

    assert agents.bridge is not None
    agents.bridge.watching.taps.append(tap)
    await _talk(line, person, frames=2)
    assert set(tapped) == {("caller", 111), ("agent", 222)}


async def test_a_closing_server_says_so_in_the_middle_of_a_talk(
    exchange: Exchange, agents: Agents
) -> None:
    line = await exchange.call()
    person = await _answered(line, agents)
    await _talk(line, person)
    line.session.end_politely()
    ended = await line.over()
    assert person.ended is not None
    assert any(not is_silent(frame) for frame in line.caller.heard[-20:])
    assert ended.outcome is Outcome.TRANSFERRED


async def test_without_a_door_to_call_out_the_flow_goes_on(exchange: Exchange) -> None:
    (exchange.application / "flows" / "main.yaml").write_text(FLOW)
    line = await exchange.call()
    await line.over()
    assert line.turns[-1].prompt == "Sorry, no door can call out."


async def test_the_caller_comes_back_from_whoever_took_over(
    exchange: Exchange, agents: Agents
) -> None:
    line = await exchange.call()
    person = await _answered(line, agents)
    (talk,) = agents.talks
    info = LegInfo(CallId("supervisor"), "loopback", caller="web", callee="call")
    leg, supervisor = pair(info, start=asyncio.get_running_loop().time())
    await leg.answer()
    seat = talk.bridge.join("supervisor", leg.sample_rate)
    await talk.take_over(leg, seat, asyncio.create_task(attend(leg, seat)))
    assert person.ended
    assert await _talk(line, supervisor) == (222, 111)
    supervisor.hang_up()
    await line.hear_out()
    await line.say("apple")
    assert (await line.over()).outcome is Outcome.TRANSFERRED


async def test_settings_say_how_a_target_is_handed_over_where_the_flow_does_not(
    exchange: Exchange, agents: Agents
) -> None:
    file = exchange.application / "flows" / "main.yaml"
    file.write_text(FLOW.replace("    mode: bridge\n", ""))
    bridged = exchange.adapt
    exchange.adapt = lambda services: replace(
        bridged(services), transfer_modes={"agents": TransferMode.BRIDGE}
    )
    line = await exchange.call()
    assert len(agents.dialled) == 1
    assert not line.caller.transfers
