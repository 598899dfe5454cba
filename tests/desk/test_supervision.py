"""A supervisor hears caller and agent, is heard by the agent alone, and takes the caller over."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest

from tests.desk.office import Joined, Office, join
from tests.sessions.agents_at_work import settle
from voicebot.acd.model import AgentId, ContactId, Presence
from voicebot.desk.overhearing import Overhearing, Standing
from voicebot.desk.supervision import LAPSE_S, MOST_LISTENERS, Conversation, Supervision
from voicebot.errors import RoutingError, UsageError
from voicebot.telephony.loopback import LoopbackCaller
from voicebot.types import CallId

CALL = CallId("caller")


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office("anna", "bert")
    yield made
    await made.close()


@pytest.fixture
async def joined(office: Office) -> AsyncIterator[Joined]:
    """Anna talks with the caller."""
    screen = office.sit_down("anna")
    await office.arrive()
    made = await join(office, "anna", await office.accept("anna", screen))
    yield made
    await made.end()


@pytest.fixture
def supervision(office: Office, joined: Joined) -> Supervision:
    made = Supervision(
        office.pages, lambda: office.service, dict, office.clock, office.clock.call_later
    )  # fmt: skip
    made.talking(joined.talk)
    return made


async def sit_in(
    office: Office, supervision: Supervision, who: str = "sue"
) -> tuple[Overhearing, LoopbackCaller]:
    """A supervisor's page makes its call."""
    coming, right = supervision.begin(CALL, who)
    assert coming.standing is Standing.COMING
    page = await office.pages.call(str(right["token"]))
    await settle()
    return coming, page


async def heard(joined: Joined, *others: LoopbackCaller) -> list[int]:
    """All speak, each at a level of their own; what caller, agent and the others hear last."""
    people = [person for person in (joined.caller, joined.agent, *others) if not person.ended]
    for _ in range(10):
        for person in people:
            level = 10 ** (1 + (joined.caller, joined.agent, *others).index(person))
            await person.step(np.full(160, level, np.int16))
    return [int(person.heard[-1][0]) for person in people]


async def test_who_listens_hears_both_and_is_heard_by_nobody(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    assert sue.standing is Standing.LISTENING
    assert await heard(joined, page) == [100, 10, 110]


async def test_a_whisper_is_heard_by_the_agent_alone(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    await sue.become(Standing.WHISPERING)
    assert await heard(joined, page) == [100, 1010, 110]
    await sue.become(Standing.LISTENING)
    assert await heard(joined, page) == [100, 10, 110]


async def test_who_takes_over_has_the_caller_and_the_agent_is_free(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    joined.talk.hold()
    await sue.become(Standing.TALKING)
    await settle()
    assert joined.agent.ended
    assert await heard(joined, page) == [1000, 10]
    assert office.service.standing(ContactId("caller")) is None
    assert office.view("anna")["contacts"][-1]["wrapping"]
    with pytest.raises(UsageError, match="yours now"):
        await sue.become(Standing.LISTENING)


async def test_an_agent_who_was_replaced_cannot_end_the_call(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    await sue.become(Standing.TALKING)
    await settle()
    with pytest.raises(RoutingError, match="over"):
        await office.conduct("anna").hang_up(ContactId("caller"))
    assert not page.ended


async def test_the_caller_goes_on_when_who_took_over_has_left(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    await sue.become(Standing.TALKING)
    await settle()
    assert not joined.tasks[1].done()
    page.hang_up()
    await settle()
    assert joined.tasks[1].done()
    assert not joined.tasks[1].result().failed


async def test_who_is_cut_off_does_not_end_the_callers_session_with_them(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, _ = await sit_in(office, supervision)
    await sue.become(Standing.TALKING)
    await settle()
    sue.end()
    await settle()
    assert joined.tasks[1].done()
    assert not joined.tasks[1].cancelled()
    assert joined.tasks[1].result().failed


async def test_a_second_supervisor_takes_over_from_the_first(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    tom, other = await sit_in(office, supervision, "tom")
    await sue.become(Standing.TALKING)
    await settle()
    await tom.become(Standing.TALKING)
    await settle()
    assert page.ended
    assert not joined.tasks[1].done()
    assert await heard(joined, other) == [1000, 10]


async def test_listeners_leave_with_the_conversation(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    await joined.talk.close()
    await settle()
    assert page.ended
    assert supervision.seen(sue.id, "sue") is None
    assert supervision.conversations() == ()
    with pytest.raises(UsageError, match="not go on"):
        supervision.begin(CALL, "sue")


async def test_a_page_that_is_not_heard_of_is_let_go(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    await office.clock.advance(LAPSE_S - 1)
    assert supervision.seen(sue.id, "sue") is not None
    await office.clock.advance(LAPSE_S - 1)
    assert not page.ended
    await office.clock.advance(2)
    assert page.ended
    assert supervision.seen(sue.id, "sue") is None


async def test_a_page_that_never_calls_leaves_room_for_others(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    for number in range(MOST_LISTENERS):
        supervision.begin(CALL, f"sue {number}")
    with pytest.raises(UsageError, match="already"):
        supervision.begin(CALL, "tom")
    await office.clock.advance(LAPSE_S)
    supervision.begin(CALL, "tom")


async def test_a_page_that_comes_again_replaces_the_one_before(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    _, page = await sit_in(office, supervision)
    again, _ = await sit_in(office, supervision)
    assert page.ended
    await again.become(Standing.TALKING)
    with pytest.raises(UsageError, match="another page"):
        supervision.begin(CALL, "sue")


async def test_nobody_orders_for_somebody_else_or_before_the_line_is_up(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, _ = supervision.begin(CALL, "sue")
    assert supervision.seen(sue.id, "tom") is None
    with pytest.raises(UsageError, match="not up yet"):
        await sue.become(Standing.WHISPERING)


async def test_conversations_are_told_with_queue_and_agent(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    (told,) = supervision.conversations()
    assert told == Conversation(CALL, office.clock(), "support", "anna", False)
    assert supervision.with_agents() == {AgentId("anna"): CALL}


async def test_without_calls_in_the_browser_it_is_said_so(office: Office, joined: Joined) -> None:
    supervision = Supervision(
        None, lambda: office.service, dict, office.clock, office.clock.call_later
    )
    supervision.talking(joined.talk)
    with pytest.raises(UsageError, match="webrtc"):
        supervision.begin(CALL, "sue")


async def test_whoever_is_consulted_leaves_when_a_supervisor_takes_over(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    screen = office.sit_down("bert")
    office.conduct("anna").consult_agent(ContactId("caller"), AgentId("bert"))
    await settle()
    adviser = await office.accept("bert", screen)
    await sue.become(Standing.TALKING)
    await settle()
    assert adviser.ended
    assert joined.agent.ended
    state = office.service.agent(AgentId("bert"))
    assert state is not None
    assert state.presence is Presence.AVAILABLE
    assert await heard(joined, page) == [1000, 10]


async def test_a_whisper_reaches_whoever_the_caller_was_handed_to(
    office: Office, joined: Joined, supervision: Supervision
) -> None:
    sue, page = await sit_in(office, supervision)
    screen = office.sit_down("bert")
    office.conduct("anna").consult_agent(ContactId("caller"), AgentId("bert"))
    await settle()
    bert = await office.accept("bert", screen)
    await sue.become(Standing.WHISPERING)
    await office.conduct("anna").hand_over(ContactId("caller"))
    await settle()
    assert sue.standing is Standing.LISTENING
    await sue.become(Standing.WHISPERING)
    assert await heard(joined, bert, page) == [1000, 10010, 1010]
    await sue.become(Standing.TALKING)
    await settle()
    assert bert.ended
    assert await heard(joined, bert, page) == [10000, 10]
