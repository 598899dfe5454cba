"""What stays true whatever happens: random days of small centres."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import hypothesis.strategies as st
from hypothesis import given, settings

from voicebot.acd import effects as e
from voicebot.acd import events as ev
from voicebot.acd.acd import Acd
from voicebot.acd.model import (
    AgentId,
    AgentProfile,
    Channel,
    Contact,
    ContactId,
    ContactState,
    Overflow,
    QueueRules,
    Ring,
    Routing,
    Spill,
)
from voicebot.errors import RoutingError

QUEUES = (
    QueueRules(
        "q",
        {"x": 2},
        rings=(Ring(20, {"x": 1}), Ring(40, agents_of=("r",))),
        overflow=(
            Overflow(Spill.WAIT, queue="r", after_s=90),
            Overflow(Spill.LENGTH, queue="r", length=4),
        ),
        wrap_up_s=10,
        last_agent_s=15,
    ),
    QueueRules(
        "r",
        routing=Routing.SKILL,
        wrap_up_s=None,
        overflow=(Overflow(Spill.NO_AGENT, to="out"),),
    ),
    QueueRules("s", priority=1),
)
AGENTS = [AgentId(name) for name in "abcd"]
PROFILES = {
    AGENTS[0]: AgentProfile(AGENTS[0], ("q",), {"x": 2}),
    AGENTS[1]: AgentProfile(AGENTS[1], ("q", "s"), {"x": 1}, voice=2, text=3),
    AGENTS[2]: AgentProfile(AGENTS[2], ("r", "s"), voice=0, text=2),
    AGENTS[3]: AgentProfile(AGENTS[3], ("r",), {"x": 1}),
}
CONTACTS = [ContactId(f"c{number}") for number in range(9)]


@dataclass(frozen=True)
class Happens:
    """Something to the contact that is ``which`` of those it can happen to, as things stand; at
    random hardly anything would. ``what`` None: the next timer is due."""

    what: type[ev.Answer | ev.Decline | ev.OfferFailed | ev.Finish | ev.LineLost] | None
    which: int

    def event(self, acd: Acd) -> ev.Event | None:
        talks = self.what in {ev.Finish, ev.LineLost}
        state = ContactState.CONNECTED if talks else ContactState.OFFERED
        found = [each for each in acd.contacts() if each.state is state]
        if self.what is None or not found:
            return None
        place = found[self.which % len(found)]
        contact_id = place.contact.contact_id
        if self.what is ev.OfferFailed:
            return ev.OfferFailed(contact_id, place.agent_id, "broken")
        if self.what is ev.Answer or self.what is ev.Decline:
            return self.what(contact_id, place.agent_id)
        return ev.Finish(contact_id) if self.what is ev.Finish else ev.LineLost(contact_id)


one_contact, one_agent = st.sampled_from(CONTACTS), st.sampled_from(AGENTS)
arrivals = st.builds(
    Contact,
    one_contact,
    st.sampled_from([rules.name for rules in QUEUES]),
    st.sampled_from(Channel),
    st.integers(0, 2),
    party=st.sampled_from(["", "p", "o"]),
)
happening = st.builds(
    Happens,
    st.sampled_from(
        [ev.Answer, ev.Answer, ev.Decline, ev.OfferFailed, ev.Finish, ev.LineLost, None]
    ),
    st.integers(0, 3),
)
events: st.SearchStrategy[ev.Event | Happens] = st.one_of(
    *(happening,) * 6,
    *(one_agent.map(lambda name: ev.SignIn(PROFILES[name])),) * 2,
    *(arrivals.map(ev.Enqueue),) * 3,
    arrivals.map(ev.Enqueue),
    arrivals.map(ev.Promise),
    one_agent.map(lambda name: ev.SignIn(PROFILES[name])),
    st.builds(ev.Answer, one_contact, one_agent),
    st.builds(ev.Decline, one_contact, one_agent),
    st.builds(ev.OfferFailed, one_contact, one_agent, st.just("broken")),
    one_contact.map(ev.Finish),
    st.builds(ev.Abandon, one_contact, st.just("gone")),
    st.builds(ev.Transfer, one_contact, st.sampled_from(["q", "r", "s"])),
    st.builds(ev.HandOver, one_contact, one_agent),
    st.builds(ev.LineLost, one_contact),
    st.builds(ev.WrapUpDone, one_agent, one_contact),
    one_contact.map(ev.StepAside),
    one_contact.map(ev.StepBack),
    st.builds(ev.Move, one_contact, st.sampled_from(Channel)),
    st.builds(ev.BookCallback, one_contact, st.one_of(st.none(), st.just(1_780_300_900.0))),
    one_contact.map(ev.Reached),
    st.builds(ev.NotReached, one_contact, st.just("busy")),
    one_agent.map(ev.SignOut),
    st.builds(ev.Pause, one_agent, st.just("tea")),
    one_agent.map(ev.Resume),
    st.builds(ev.Room, one_agent, st.integers(0, 2), st.integers(0, 3)),
    st.builds(ev.AgentLost, one_agent, st.just("lost")),
    st.just(ev.Tick()),
)
days = st.lists(st.tuples(events, st.sampled_from([0.0, 1.0, 7.0, 25.0])), min_size=12, max_size=60)


@dataclass
class Day:
    """An `Acd` and everything it said. Offers are taken as often as the day's events say so."""

    acd: Acd
    said: list[e.Effect]
    now: float = 1_780_300_800.0

    def give(self, event: ev.Event | Happens, after: float) -> None:
        self.now += after
        if isinstance(event, Happens):
            due = self.acd.next_timer() if event.what is None else None
            self.now = max(self.now, due or self.now)
            event = event.event(self.acd) or ev.Tick()
        before = picture(self.acd)
        try:
            self.said += self.acd.receive(event, self.now)
        except RoutingError:
            assert picture(self.acd) == before, "a refused event changed something"


def picture(acd: Acd) -> object:
    """All that can be seen."""
    places = list(acd.contacts())
    positions = [acd.position(place.contact.contact_id) for place in places]
    return places, positions, dict(acd.agents()), acd.next_timer()


def check(day: Day) -> None:
    acd = day.acd
    places = {place.contact.contact_id: place for place in acd.contacts()}
    held = Counter[ContactId]()
    for agent_id, agent in acd.agents().items():
        assert agent.used <= 1, "an agent over capacity"
        held.update(agent.contacts)
        for contact_id in agent.contacts:
            assert places[contact_id].agent_id == agent_id
    assert all(count == 1 for count in held.values()), "a contact in two places"
    for contact_id, place in places.items():
        waits = place.state is ContactState.WAITING
        assert (acd.position(contact_id) is not None) is waits, "a contact lost"
        assert (contact_id in held) is (
            place.state in {ContactState.OFFERED, ContactState.DIALLING, ContactState.CONNECTED}
        )
        if place.state is ContactState.SCHEDULED:
            due, timer = place.due_at, acd.next_timer()
            assert due is not None
            assert timer is not None
            assert timer <= due


def told(day: Day, contacts: set[ContactId]) -> None:
    """Everybody who came is here, was connected and finished, or was told why not."""
    ends = {
        each.contact_id
        for each in day.said
        if isinstance(each, e.Abandoned | e.CallbackOff | e.Release)
        or (isinstance(each, e.Overflowed) and not each.to_queue)
    }
    here = {place.contact.contact_id for place in day.acd.contacts()}
    assert contacts <= ends | here


@settings(max_examples=150, deadline=None)
@given(days)
def test_nobody_is_lost_in_two_places_or_more_than_an_agent_can_take(
    day: list[tuple[ev.Event | Happens, float]],
) -> None:
    course = Day(Acd(QUEUES), [])
    came: set[ContactId] = set()
    for event, after in day:
        course.give(event, after)
        check(course)
        if isinstance(event, ev.Enqueue):
            came.add(event.contact.contact_id)
            told(course, came)


@settings(max_examples=50, deadline=None)
@given(days)
def test_the_same_day_twice_gives_the_same_effects(
    day: list[tuple[ev.Event | Happens, float]],
) -> None:
    first, second = Day(Acd(QUEUES), []), Day(Acd(QUEUES), [])
    for event, after in day:
        first.give(event, after)
    for event, after in day:
        second.give(event, after)
    assert first.said == second.said


@settings(max_examples=60, deadline=None)
@given(days)
def test_nobody_waits_whom_a_free_agent_could_take(
    day: list[tuple[ev.Event | Happens, float]],
) -> None:
    rules = QueueRules("q", declined_for_s=0.001)
    profile = AgentProfile(AGENTS[0], ("q",))
    course = Day(Acd([rules]), [])
    course.give(ev.SignIn(profile), 0)
    for event, after in day:
        if isinstance(event, ev.Room):  # who takes nothing of a kind is not free for it
            event = replace(event, voice=max(1, event.voice), text=max(1, event.text))
        course.give(event, after)
        course.give(ev.Tick(), 0.01)
        state = course.acd.agents().get(AGENTS[0])
        takes = all(course.acd.serves("q", channel) for channel in Channel)
        if takes and state is not None and state.presence == "available" and state.used == 0:
            assert course.acd.queue("q", course.now).waiting == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 300)), min_size=1, max_size=40))
def test_equals_are_served_in_order_and_nobody_starves(
    arriving: list[tuple[int, float]],
) -> None:
    acd, now, since = Acd([QueueRules("q", priority_step_s=60)]), 0.0, {}
    level = {}
    for number, (priority, gap) in enumerate(arriving):
        now += gap
        name = ContactId(str(number))
        since[name], level[name] = now, priority
        acd.receive(ev.Enqueue(Contact(name, "q", priority=priority)), now)
    served: list[ContactId] = []
    pending = list(acd.receive(ev.SignIn(AgentProfile(AGENTS[0], ("q",))), now))
    while pending:
        effect = pending.pop(0)
        if isinstance(effect, e.Offer):
            served.append(effect.contact_id)
            acd.receive(ev.Answer(effect.contact_id, effect.agent_id), now)
            pending += acd.receive(ev.Finish(effect.contact_id), now)

    assert sorted(served) == sorted(since)
    for index, name in enumerate(served):
        for later in served[index + 1 :]:
            if level[name] == level[later]:
                assert since[name] <= since[later]
            assert since[name] - since[later] <= 60 * 2 + 1e-6, "overtaken by more than allowed"
