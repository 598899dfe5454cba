"""When agents are ready, and when they are busy: stretches of time that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.acd import effects as e
from voicebot.acd.model import AgentId, ContactId, Presence
from voicebot.errors import StorageError
from voicebot.sessions.ready_times import AT_ONCE, ReadyTimes, Stretch

ANNA = AgentId("anna")
FIRST, SECOND = ContactId("first"), ContactId("second")

Told = tuple[float, float, bool]


def changed(presence: Presence | None) -> e.AgentChanged:
    return e.AgentChanged(ANNA, presence, "")


def connected(contact: ContactId) -> e.Connect:
    return e.Connect(contact, ANNA, "support", 0.0)


def released(contact: ContactId, until: float | None) -> e.Release:
    return e.Release(contact, ANNA, until)


def after(*happened: tuple[float, e.Effect], now: float = 100.0) -> list[Told]:
    """Anna's stretches, from the sign-in at 0 to ``now``."""
    times = ReadyTimes()
    times.take(changed(Presence.AVAILABLE), 0.0)
    for at, effect in happened:
        times.take(effect, at)
    stretches = times.unwritten(now)
    assert {each.agent for each in stretches} <= {ANNA}
    return [(each.began_at, each.ended_at, each.busy) for each in stretches]


def test_who_is_signed_in_is_ready_and_with_a_contact_busy() -> None:
    assert after((10.0, connected(FIRST)), (40.0, released(FIRST, 40.0))) == [
        (0.0, 10.0, False),
        (10.0, 40.0, True),
        (40.0, 100.0, False),
    ]


def test_contacts_side_by_side_count_once() -> None:
    assert after(
        (10.0, connected(FIRST)),
        (20.0, connected(SECOND)),
        (40.0, released(FIRST, 40.0)),
        (60.0, released(SECOND, 60.0)),
    ) == [(0.0, 10.0, False), (10.0, 60.0, True), (60.0, 100.0, False)]


def test_work_after_a_contact_is_busy_too() -> None:
    assert after(
        (10.0, connected(FIRST)),
        (40.0, released(FIRST, None)),
        (70.0, e.AgentFree(FIRST, ANNA)),
    ) == [(0.0, 10.0, False), (10.0, 70.0, True), (70.0, 100.0, False)]


def test_ringing_is_not_busy() -> None:
    offer = e.Offer(FIRST, ANNA, "support", 0.0, 20.0, callback=False)
    assert after((10.0, offer)) == [(0.0, 100.0, False)]


def test_a_pause_is_neither_ready_nor_busy() -> None:
    assert after((30.0, changed(Presence.PAUSED)), (50.0, changed(Presence.AVAILABLE))) == [
        (0.0, 30.0, False),
        (50.0, 100.0, False),
    ]


def test_who_pauses_in_the_middle_of_a_talk_is_busy_to_its_end() -> None:
    assert after(
        (10.0, connected(FIRST)),
        (20.0, changed(Presence.PAUSED)),
        (40.0, released(FIRST, None)),
        (60.0, changed(Presence.AVAILABLE)),
        (70.0, e.AgentFree(FIRST, ANNA)),
    ) == [
        (0.0, 10.0, False),
        (10.0, 40.0, True),
        (60.0, 70.0, True),
        (70.0, 100.0, False),
    ]


def test_who_leaves_in_the_middle_of_a_call_is_at_work_to_its_end() -> None:
    assert after(
        (10.0, connected(FIRST)),
        (20.0, changed(Presence.LEAVING)),
        (35.0, released(FIRST, 35.0)),
        (35.0, changed(None)),
    ) == [(0.0, 10.0, False), (10.0, 35.0, True)]


def test_who_was_handed_a_caller_is_busy() -> None:
    assert after((10.0, e.HandedOver(FIRST, ANNA, "support")), now=20.0) == [
        (0.0, 10.0, False),
        (10.0, 20.0, True),
    ]


async def test_what_the_database_refuses_is_written_later() -> None:
    times, written, refuses = ReadyTimes(), set[Stretch](), True

    async def note(stretches: Sequence[Stretch]) -> None:
        if refuses:
            raise StorageError("away")
        written.update(stretches)

    times.take(changed(Presence.AVAILABLE), 0.0)
    times.take(changed(Presence.PAUSED), 50.0)
    await times.write(note, 60.0)
    assert len(times.unwritten(60.0)) == 1
    refuses = False
    await times.write(note, 70.0)
    assert written == {Stretch(ANNA, 0.0, 50.0, busy=False)}
    assert times.unwritten(80.0) == ()


async def test_many_stretches_are_written_in_pieces_and_the_oldest_are_lost() -> None:
    times, sizes = ReadyTimes(most=AT_ONCE + 5), list[int]()

    async def note(stretches: Sequence[Stretch]) -> None:
        sizes.append(len(stretches))

    for number in range(AT_ONCE + 50):
        times.take(changed(Presence.AVAILABLE), 2.0 * number)
        times.take(changed(Presence.PAUSED), 2.0 * number + 1)
    assert times.unwritten(1e9)[0].began_at == 2.0 * 45
    await times.write(note, 1e9)
    assert sizes == [AT_ONCE, 5]
    assert times.unwritten(1e9) == ()
