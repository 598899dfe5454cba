"""Limits for each address, on passed-in time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.telephony.guard import (
    MAX_LOGGED,
    AddressGuard,
    DoorGuard,
    GuardPolicy,
    Offender,
)
from voicebot.types import Failure, Verdict

STRANGER = "192.0.2.7"
POLICY = GuardPolicy(
    requests_per_s=10, burst=20, all_requests_per_s=1000, failures=5, failure_forgiven_s=10
)


def told(policy: GuardPolicy = POLICY, **options: int) -> tuple[DoorGuard, list[Offender]]:
    offenders: list[Offender] = []
    return AddressGuard(policy, offenders.append, **options).door("sip"), offenders


def counts(door: DoorGuard, now: float = 0.0) -> dict[str, int]:
    return {what: n for (_, what), n in door._guard.snapshot(now).counts.items()}


def fail_until_shut_out(door: DoorGuard, now: float, address: str = STRANGER) -> None:
    for _ in range(100):
        if door.is_shut_out(address, now):
            return
        door.failed(address, now, Failure.MALFORMED)
    pytest.fail("never shut out")


def shut_out_s(door: DoorGuard, now: float) -> int:
    """How many whole seconds the stranger is out, from ``now`` on."""
    return next(s for s in range(100_000) if not door.is_shut_out(STRANGER, now + s))


def test_burst_is_served_and_what_is_beyond_is_told_once_a_second_and_dropped() -> None:
    door, _ = told()
    verdicts = [door.request(STRANGER, 0.0) for _ in range(50)]
    assert verdicts[:20] == [Verdict.ALLOW] * 20
    assert verdicts[20] is Verdict.SLOW
    assert verdicts[21:] == [Verdict.DROP] * 29
    assert door.request("192.0.2.8", 0.0) is Verdict.ALLOW
    assert counts(door) == {"slowed": 1, "dropped": 29}


def test_rate_that_is_allowed_may_go_on_for_ever() -> None:
    door, _ = told()
    assert all(door.request(STRANGER, n / 10) is Verdict.ALLOW for n in range(5000))


def test_flood_gets_its_rate_and_no_more() -> None:
    door, _ = told()
    served = sum(door.request(STRANGER, n / 1000) is Verdict.ALLOW for n in range(10_000))
    assert served == pytest.approx(20 + 10 * 10, abs=2)


def test_all_strangers_together_have_a_limit() -> None:
    door, _ = told(GuardPolicy(all_requests_per_s=50))
    chance = random.Random(3)
    forged = [".".join(str(chance.randrange(1, 255)) for _ in range(4)) for _ in range(5000)]
    served = sum(
        door.request(address, n / 1000) is Verdict.ALLOW for n, address in enumerate(forged)
    )
    assert served == pytest.approx(4 * 50 + 5 * 50, abs=5)
    assert door.request("127.0.0.1", 5.0) is Verdict.ALLOW


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "198.51.100.9", "::ffff:198.51.100.9"])
def test_trusted_networks_are_never_limited(address: str) -> None:
    trusted = ("127.0.0.1", "::1", "198.51.100.0/24")
    door, offenders = told(GuardPolicy(burst=1, failures=1, trusted=trusted))
    for _ in range(1000):
        door.failed(address, 0.0, Failure.CREDENTIALS)
        assert door.request(address, 0.0) is Verdict.ALLOW
    assert offenders == []


@pytest.mark.parametrize("address", ["198.51.101.1", "127.0.0.2", "::2", "noise", "", "1.2", "::g"])
def test_nobody_else_is_trusted(address: str) -> None:
    trusted = ("127.0.0.1", "::1", "198.51.100.0/24")
    assert not AddressGuard(GuardPolicy(trusted=trusted)).trusts(address)


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no-network"):
        AddressGuard(GuardPolicy(trusted=("no-network",)))


def test_an_ipv6_subscriber_has_one_bucket_and_a_neighbour_another() -> None:
    door, _ = told()
    for n in range(20):
        assert door.request(f"2001:db8:0:1::{n:x}", 0.0) is Verdict.ALLOW
    assert door.request("2001:db8:0:1:ffff::1", 0.0) is not Verdict.ALLOW
    assert door.request("2001:db8:0:2::1", 0.0) is Verdict.ALLOW


def test_a_mapped_address_is_the_one_it_maps() -> None:
    door, _ = told()
    fail_until_shut_out(door, 0.0, "192.0.2.9")
    assert door.is_shut_out("::ffff:192.0.2.9", 0.0)


def test_failures_shut_out_of_every_door_and_the_time_doubles() -> None:
    door, offenders = told()
    http = door._guard.door("http")
    fail_until_shut_out(door, 0.0)
    assert shut_out_s(door, 0.0) == 30
    assert http.request(STRANGER, 1.0) is Verdict.DROP
    fail_until_shut_out(door, 40.0)
    assert shut_out_s(door, 40.0) == 60
    fail_until_shut_out(door, 110.0)
    assert shut_out_s(door, 110.0) == 120
    assert [offender.seconds for offender in offenders] == [30, 120]
    assert offenders[0].failure is Failure.MALFORMED


def test_the_longest_shutting_out_has_an_end() -> None:
    door, _ = told(GuardPolicy(failures=1, longest_shut_out_s=100))
    now = 0.0
    for _ in range(8):
        fail_until_shut_out(door, now)
        now += shut_out_s(door, now)
    fail_until_shut_out(door, now)
    assert shut_out_s(door, now) == 100


def test_who_behaves_for_long_begins_anew() -> None:
    door, _ = told()
    fail_until_shut_out(door, 0.0)
    fail_until_shut_out(door, 30.0 + 301.0)
    assert shut_out_s(door, 331.0) == 30


def test_a_failure_now_and_then_is_forgiven() -> None:
    door, offenders = told()
    for n in range(500):
        door.failed(STRANGER, 11.0 * n, Failure.UNKNOWN)
        assert door.request(STRANGER, 11.0 * n) is Verdict.ALLOW
    assert offenders == []


def test_a_running_call_has_an_allowance_while_its_address_is_shut_out() -> None:
    door, _ = told()
    fail_until_shut_out(door, 0.0)
    assert door.request(STRANGER, 0.0) is Verdict.DROP
    assert sum(door.in_call(STRANGER, 0.0) for _ in range(100)) == 40
    assert sum(door.in_call(STRANGER, n / 100) for n in range(1000)) == pytest.approx(200, abs=2)


def test_offenders_are_logged_once_a_minute_and_never_in_a_flood() -> None:
    door, offenders = told(GuardPolicy(failures=1, longest_shut_out_s=1))
    for second in range(0, 59, 2):
        fail_until_shut_out(door, float(second))
    assert len(offenders) == 1
    for n in range(200):
        fail_until_shut_out(door, 59.0, f"198.51.100.{n}")
    assert len(offenders) <= 1 + MAX_LOGGED
    fail_until_shut_out(door, 300.0, "203.0.113.1")
    assert offenders[-1].unlogged == 200 + 1 - (len(offenders) - 1)


def test_memory_is_bounded_and_the_quiet_are_forgotten_first() -> None:
    door, _ = told(max_addresses=100)
    fail_until_shut_out(door, 0.0)
    for n in range(10_000):
        door.request(f"10.0.{n >> 8}.{n & 255}", 0.0)
        if n % 50 == 0:
            door.request(STRANGER, 0.0)
    assert door._guard.snapshot(0.0).addresses == 100
    assert door.is_shut_out(STRANGER, 0.0)


@given(st.lists(st.tuples(st.text(max_size=60), st.floats(0, 1e6)), max_size=60))
def test_no_address_raises(asked: list[tuple[str, float]]) -> None:
    door, _ = told()
    for address, now in asked:
        door.request(address, now)
        door.failed(address, now, Failure.UNKNOWN)
