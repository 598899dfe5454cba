"""Notices are sent in order, tried again, and given up in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.letters.letters import NOW, Book, a_letter
from voicebot.letters.courier import Courier
from voicebot.letters.letter import KEEP_TRYING_S, LONGEST_PAUSE_S, Channel, Letter, Sender

WITHIN_S = 30.0


@dataclass
class Receiver:
    """Answers what ``problems`` says, then takes everything."""

    problems: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    tried: int = 0

    async def send(self, letter: Letter) -> str:
        self.tried += 1
        problem = self.problems.pop(0) if self.problems else ""
        if not problem:
            self.taken.append(letter.id)
        return problem


class Stuck:
    """Never answers."""

    async def send(self, letter: Letter) -> str:
        await asyncio.Event().wait()
        return ""


@asynccontextmanager
async def courier(
    book: Book, clock: Callable[[], float] = lambda: NOW, **senders: Sender
) -> AsyncIterator[Courier]:
    by_channel: dict[Channel, Sender] = {}
    for name in ("webhook", "mail"):
        if name in senders:
            by_channel[name] = senders[name]
    running = Courier(book, by_channel, clock, lambda: 0.0)
    running.start()
    async with asyncio.timeout(WITHIN_S):
        yield running
    await running.stop()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0)


async def test_letters_go_out_in_order_and_are_gone() -> None:
    book, receiver = Book([a_letter("a"), a_letter("b")]), Receiver()
    async with courier(book, webhook=receiver) as running:
        await until(lambda: not book.waiting)
        book.waiting.append(a_letter("c"))
        running.stir()
        await until(lambda: not book.waiting)
    assert receiver.taken == ["a", "b", "c"]
    assert running.counts["webhook", "sent"] == 3


async def test_what_was_not_taken_is_tried_again_after_a_pause() -> None:
    book, receiver = Book([a_letter("a"), a_letter("b")]), Receiver(["the server answered 500"])
    times = [NOW]
    async with courier(book, lambda: times[0], webhook=receiver) as running:
        await until(lambda: book.waiting[0].tries == 1)
        assert book.waiting[0].due_at == NOW + 5.0
        running.stir()
        await until(lambda: not running._stirred["webhook"].is_set())
        assert receiver.tried == 1, "neither it nor the one behind it is due"
        times[0] = NOW + 5.0
        running.stir()
        await until(lambda: not book.waiting)
    assert receiver.taken == ["a", "b"]


async def test_a_letter_that_cannot_even_be_written_does_not_end_the_sending() -> None:
    class Broken(Receiver):
        async def send(self, letter: Letter) -> str:
            if not self.tried:
                self.tried += 1
                raise UnicodeEncodeError("ascii", "geheim\u00ed", 6, 7, "not in range")
            return await super().send(letter)

    book, receiver, times = Book([a_letter("a", "mail")]), Broken(), [NOW]
    async with courier(book, lambda: times[0], mail=receiver) as running:
        await until(lambda: book.waiting[0].tries == 1)
        times[0] = NOW + 5.0
        running.stir()
        await until(lambda: not book.waiting)
    assert running.counts["mail", "failed"] == running.counts["mail", "sent"] == 1


async def test_a_receiver_that_hangs_keeps_nobody_else_waiting() -> None:
    book = Book([a_letter("a"), a_letter("a", "mail")])
    mail = Receiver()
    async with courier(book, webhook=Stuck(), mail=mail):
        await until(lambda: mail.taken == ["a"])
    assert [each.channel for each in book.waiting] == ["webhook"], "it is sent after a restart"


async def test_a_notice_that_is_old_is_given_up() -> None:
    book, receiver = Book([a_letter("a")]), Receiver(["no"])
    late = NOW + KEEP_TRYING_S
    async with courier(book, lambda: late, webhook=receiver) as running:
        await until(lambda: not book.waiting)
    assert running.counts["webhook", "given_up"] == 1


def test_pauses_double_up_to_a_bound() -> None:
    letter, pauses = a_letter(), []
    for tries in range(12):
        again = Letter(letter.id, "mail", letter.body, NOW, NOW, tries).due_again(NOW, 0.0)
        assert again is not None
        pauses.append(again - NOW)
    assert pauses[:4] == [5.0, 10.0, 20.0, 40.0]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert letter.due_again(NOW, 1.0) == NOW + 2.5
