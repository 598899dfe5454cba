"""The voice side of places that go over to text, and come back: on virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from tests.sessions.agents_at_work import settle
from tests.sessions.conftest import Exchange
from tests.sessions.test_meanwhile_in_a_queue import FLOW, chosen, listened
from tests.sessions.test_waiting_in_a_queue import MUSIC, Desk
from voicebot.acd.model import ContactState
from voicebot.flows.events import ContactStarted, InputMatched
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.reader import load_flows
from voicebot.flows.state import FlowState, Frame
from voicebot.sessions.dialogue import InQueue
from voicebot.sessions.place import Place
from voicebot.sessions.queue_handoff import Kept
from voicebot.sessions.voice_services import VoiceServices
from voicebot.types import Heard, Mode, Outcome

WAITED_S = 60.0


@dataclass
class Moves:
    """Takes every place over, or gives ``reason``."""

    reason: str | None = None
    seen: list[tuple[Place, InQueue]] = field(default_factory=list)
    may: list[InQueue] = field(default_factory=list)

    def may_leave(self, place: Place, in_queue: InQueue) -> None:
        self.may.append(in_queue)

    def caller_left(self, place: Place, in_queue: InQueue) -> str | None:
        self.seen.append((place, in_queue))
        return self.reason


@pytest.fixture
def desk(exchange: Exchange) -> Desk:
    desk = Desk(exchange)
    (exchange.application / "flows" / "main.yaml").write_text(FLOW)
    return desk


def moving(exchange: Exchange, moves: Moves) -> None:
    """Let places go over."""
    before = exchange.adapt

    def adapt(services: VoiceServices) -> VoiceServices:
        services = before(services)
        assert services.queueing is not None
        return replace(services, queueing=replace(services.queueing, moves=moves))

    exchange.adapt = adapt


@pytest.mark.parametrize("aside", [True, False])
async def test_a_place_that_goes_over_is_not_left(
    exchange: Exchange, desk: Desk, aside: bool
) -> None:
    moves = Moves()
    moving(exchange, moves)
    if aside:
        line = await chosen(exchange)
    else:
        line = await exchange.call()
        await line.caller.listen(100)
    await line.hang_up()
    ((place, in_queue),) = moves.seen
    assert in_queue == InQueue((Frame("main", "to_agent"),), False)
    assert moves.may == [in_queue], "while they waited"
    standing = desk.service.standing(place.contact_id)
    assert standing is not None
    assert standing.state is ContactState.WAITING
    assert desk.service.tally.of("support").abandoned == 0


async def test_a_place_that_does_not_is_left_for_the_reason_that_is_given(
    exchange: Exchange, desk: Desk
) -> None:
    moving(exchange, Moves("served meanwhile"))
    line = await chosen(exchange)
    await line.hang_up()
    assert list(desk.service.contacts()) == []
    assert desk.service.tally.of("support").abandoned == 0


def from_text(exchange: Exchange, desk: Desk, *, aside: bool) -> FlowState:
    """A contact that waits, or does something else meanwhile, and comes by voice."""
    interpreter = Interpreter(load_flows(exchange.application / "flows"))
    state, _ = interpreter.receive(interpreter.begin(), ContactStarted({}))
    if aside:
        choice = InputMatched(Heard("", "apple", 1.0, Mode.DTMF, "keys"))
        state, _ = interpreter.receive(state, choice)
    before, kept = exchange.adapt, Kept(desk.clock.now - WAITED_S)
    exchange.adapt = lambda services: replace(before(services), kept=kept)
    return state


async def test_who_comes_back_from_text_stands_in_line_as_one_who_has_waited(
    exchange: Exchange, desk: Desk
) -> None:
    line = await exchange.call(state=from_text(exchange, desk, aside=False))
    await line.caller.listen(100)
    (standing,) = desk.service.contacts()
    assert desk.clock.now - standing.arrived_at == WAITED_S
    await line.hang_up()


async def test_who_does_something_else_meanwhile_is_taken_back_when_the_turn_comes(
    exchange: Exchange, desk: Desk
) -> None:
    line = await exchange.call(state=from_text(exchange, desk, aside=True))
    await line.caller.listen(500)
    (standing,) = desk.service.contacts()
    assert desk.clock.now - standing.arrived_at == WAITED_S
    desk.sign_in()
    await settle()
    assert desk.phones.last.contact.waited_s == WAITED_S
    await listened(line, lambda: int(line.caller.heard[-1][0]) == MUSIC)
    person = await desk.phones.last.answer()
    await line.caller.listen(100)
    person.hang_up()
    assert (await line.over()).outcome is Outcome.TRANSFERRED
