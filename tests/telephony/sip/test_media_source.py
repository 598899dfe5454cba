"""Whose packets are the caller's, on passed-in time."""

from __future__ import annotations

from voicebot.telephony.sip.media_source import MOST_PER_S, MediaSource

SIGNALLED = ("192.0.2.10", 4000)
NAT = ("192.0.2.10", 61234)
PEER = ("198.51.100.5", 7000)
THIRD = ("203.0.113.66", 5000)


def fresh() -> MediaSource:
    source = MediaSource(peer_host=PEER[0])
    source.agreed(SIGNALLED, 0.0)
    return source


def stream(source: MediaSource, address: tuple[str, int], now: float, *, ssrc: int = 7) -> int:
    """How many of ten packets, sent 20 ms apart from sequence 100 on, are taken."""
    return sum(source.takes(address, ssrc, 100 + n, now + 0.02 * n) for n in range(10))


def test_the_signalled_address_is_heard_at_once_and_nobody_else_then() -> None:
    source = fresh()
    assert stream(source, SIGNALLED, 0.0) == 10
    for other in (NAT, PEER, THIRD):
        assert stream(source, other, 1.0) == 0
    assert source.current == SIGNALLED


def test_another_port_of_the_host_is_heard_at_once() -> None:
    for address in (NAT, PEER):
        source = fresh()
        assert stream(source, address, 0.0) == 10
        assert source.current == address


def test_a_third_address_that_is_first_cannot_keep_the_stream_from_the_caller() -> None:
    source = fresh()
    assert stream(source, THIRD, 0.0) == 0  # within the half second
    assert stream(source, THIRD, 1.0) > 0  # nobody better is there
    assert stream(source, NAT, 1.3) == 10
    assert stream(source, THIRD, 1.6) == 0
    assert stream(source, SIGNALLED, 1.9) == 10
    assert stream(source, NAT, 2.2) == 0


def test_noise_from_elsewhere_is_no_stream() -> None:
    source = fresh()
    for n in range(100):
        assert not source.takes(THIRD, n, n * 777 & 0xFFFF, 1.0 + n)
        assert not source.takes((THIRD[0], n), 7, n, 1.0 + n)


def test_a_source_moves_when_it_was_silent_and_the_stream_goes_on() -> None:
    source = fresh()
    stream(source, NAT, 0.0)
    moved = (NAT[0], 50000)
    assert not source.takes(moved, 7, 110, 1.0)
    assert not source.takes(moved, 8, 110, 4.0)
    assert not source.takes(moved, 7, 40000, 4.0)
    assert not source.takes(THIRD, 7, 40000, 4.0)
    assert source.takes(moved, 7, 260, 4.0)
    assert source.current == moved


def test_a_sequence_that_wraps_goes_on() -> None:
    source = fresh()
    source.takes(NAT, 7, 65530, 0.0)
    assert source.takes((NAT[0], 9), 7, 100, 4.0)


def test_a_new_agreement_begins_anew() -> None:
    source = fresh()
    stream(source, SIGNALLED, 0.0)
    source.agreed(PEER, 10.0)
    assert source.current is None
    assert stream(source, PEER, 10.0) == 10
    assert stream(source, SIGNALLED, 10.3) == 0


def test_the_caller_may_change_ssrc_and_sequence() -> None:
    source = fresh()
    stream(source, SIGNALLED, 0.0)
    assert source.takes(SIGNALLED, 99, 60000, 0.3)


def test_a_flood_from_the_callers_own_address_is_cut() -> None:
    source = fresh()
    taken = sum(source.takes(SIGNALLED, 7, n & 0xFFFF, n / 5000) for n in range(10_000))
    assert MOST_PER_S <= taken <= 3.1 * MOST_PER_S
    assert stream(source, SIGNALLED, 2.02) >= 9
