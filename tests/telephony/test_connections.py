"""Who has to go when a door has too many connections."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.telephony.connections import RESERVED, Connections
from voicebot.telephony.guard import AddressGuard, GuardPolicy
from voicebot.types import Failure


def table(**limits: int) -> Connections[str]:
    policy = GuardPolicy(**{"connections": 4, "connections_per_address": 2, **limits})  # type: ignore[arg-type]
    return Connections(AddressGuard(policy, lambda _: None).door("sip"))


def test_the_oldest_that_said_nothing_makes_room_for_its_neighbour() -> None:
    held = table()
    assert held.opened("a1", "192.0.2.1", 0) is None
    assert held.opened("b1", "192.0.2.2", 0) is None
    assert held.opened("a2", "192.0.2.1", 1) is None
    assert held.opened("a3", "192.0.2.1", 2) == "a1"
    held.spoke("a2", 3)
    assert held.opened("a4", "192.0.2.1", 4) == "a3"
    assert len(held) == 3


def test_a_full_door_lets_in_a_newcomer_from_elsewhere() -> None:
    held = table()
    for n in range(4):
        assert held.opened(f"idle {n}", f"192.0.2.{n}", n) is None
    assert held.opened("new", "198.51.100.1", 9) == "idle 0"
    assert len(held) == 4


def test_who_has_spoken_stays_until_it_was_quiet_for_long() -> None:
    held = table()
    for n in range(4):
        held.opened(f"{n}", f"192.0.2.{n}", 0)
        held.spoke(f"{n}", n)
    assert held.opened("new", "198.51.100.1", 30) == "new"
    assert held.opened("new", "198.51.100.1", 61) == "0"


def test_who_is_at_work_is_never_closed() -> None:
    held = table(connections_per_address=4)
    for n in range(4):
        held.opened(f"{n}", "192.0.2.1", 0)
        held.busy(f"{n}")
    assert held.opened("new", "198.51.100.1", 1000) == "new"
    assert held.opened("again", "192.0.2.1", 1000) == "again"
    held.spoke("2", 1001)
    assert held.opened("new", "198.51.100.1", 1061) == "2"


def test_a_trusted_address_has_no_limit_of_its_own_and_a_reserve() -> None:
    held = table()
    for n in range(4):
        held.opened(f"stranger {n}", f"192.0.2.{n}", 0)
        held.busy(f"stranger {n}")
    assert held.opened("one more", "198.51.100.1", 0) == "one more"
    assert [held.opened(f"{n}", "127.0.0.1", 0) for n in range(RESERVED)] == [None] * RESERVED
    assert held.opened("last", "127.0.0.1", 0) == "0"


def test_an_address_that_is_shut_out_gets_no_connection() -> None:
    guard = AddressGuard(GuardPolicy(failures=1), lambda _: None).door("sip")
    held = Connections[str](guard)
    for _ in range(3):
        guard.failed("192.0.2.1", 0, Failure.MALFORMED)
    assert held.opened("a", "192.0.2.1", 1) == "a"
    assert len(held) == 0


def test_opening_and_closing_without_end_is_limited_like_requests() -> None:
    held = Connections[int](AddressGuard(GuardPolicy(burst=10)).door("sip"))
    let_in = 0
    for n in range(100):
        let_in += held.opened(n, "192.0.2.1", 0) is None
        held.closed(n)
    assert let_in == 10


@pytest.mark.parametrize("address", ["192.0.2.1", "127.0.0.1"])
@given(events=st.lists(st.tuples(st.integers(0, 9), st.sampled_from("oscb")), max_size=200))
def test_the_table_never_holds_more_than_it_may(
    address: str, events: list[tuple[int, str]]
) -> None:
    held = table()
    open_now: set[str] = set()
    for now, (number, what) in enumerate(events):
        name = str(number)
        if what == "o" and name not in open_now:
            loser = held.opened(name, address, now)
            open_now.add(name)
            if loser is not None:
                open_now.remove(loser)
        elif what == "s":
            held.spoke(name, now)
        elif what == "b":
            held.busy(name)
        elif what == "c":
            held.closed(name)
            open_now.discard(name)
        assert len(held) == len(open_now) <= 4 + RESERVED
    for name in tuple(open_now):
        held.closed(name)
    assert (len(held), held._mute, held._spoken, held._of) == (0, {}, {}, {})
