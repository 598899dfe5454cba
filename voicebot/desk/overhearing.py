"""One supervisor in one call: they listen, whisper, take it over, end it, or send it to a queue.

Their leg sits where the call is: with the bot (`sessions.open_call`), or in the conversation with a
person (`sessions.talk`), and follows the call from one to the other. What makes no sense as things
stand raises UsageError, whose text may be shown.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, Final, TypeAlias

from voicebot.errors import UsageError
from voicebot.sessions.open_call import OpenCall
from voicebot.sessions.stepping_in import ENDED, SendOn, TakeOver
from voicebot.sessions.talk import Talk
from voicebot.telephony._api import CallLeg, LegEnded
from voicebot.telephony.bridge import Role, Seat, attend
from voicebot.types import CallId


class Standing(StrEnum):
    """What a supervisor does in a call."""

    COMING = "coming"
    """The page has not called yet."""
    LISTENING = "listening"
    WHISPERING = "whispering"
    """The agent alone hears them."""
    STEPPING_IN = "stepping_in"
    """They get the caller as soon as the bot can be interrupted."""
    TALKING = "talking"
    """They have taken over."""


_STANDING: Final = {
    Role.LISTENER: Standing.LISTENING,
    Role.WHISPERER: Standing.WHISPERING,
    Role.PARTY: Standing.TALKING,
}
_WANTED: Final = frozenset({Standing.LISTENING, Standing.WHISPERING, Standing.TALKING})

Room: TypeAlias = Talk | OpenCall
"""Where a supervisor sits."""


class Overhearing:
    """One supervisor, known as ``who``, in one call; made by `Supervision.begin`.

    ``room`` gives where the call is now, None once it is over. ``release`` is told when the caller
    of an agent is taken over.
    """

    def __init__(
        self, who: str, call: CallId, room: Callable[[], Room | None], release: Callable[[], None]
    ) -> None:
        self.id = secrets.token_hex(8)
        self.who = who
        self.call = call
        self._find_room = room
        self._release = release
        self._leg: CallLeg | None = None
        self._room: Room | None = None
        self._seat: Seat | None = None
        self._attending: asyncio.Task[LegEnded | None] | None = None
        self._order: TakeOver | None = None
        self._has_caller = False
        """Taken over from the bot: the leg is the session's until the order is over."""
        self._ended = asyncio.Event()
        self._moved = asyncio.Event()

    @property
    def standing(self) -> Standing:
        if self._has_caller:
            return Standing.TALKING
        if self._seat is None:
            return Standing.COMING
        return Standing.STEPPING_IN if self._is_stepping_in else _STANDING[self._seat.role]

    @property
    def is_over(self) -> bool:
        """Whether they have gone, or the call is over, or another supervisor took the caller."""
        room = self._find_room()
        return self._ended.is_set() or room is None or self._is_relieved(room)

    def _is_relieved(self, room: Room) -> bool:
        return (
            self._has_caller
            and isinstance(room, Talk)
            and self._leg is not None
            and not room.is_with(self._leg)
        )

    @property
    def _is_stepping_in(self) -> bool:
        room, order = self._room, self._order
        return isinstance(room, OpenCall) and order is not None and room.orders.is_waiting(order)

    def end(self) -> None:
        """Let them go; returns at once."""
        self._ended.set()

    # What they may do

    def check(self, wanted: Standing) -> None:
        """Raises UsageError where this cannot be done now."""
        self._check_line()
        if wanted not in _WANTED:
            raise UsageError("choose to listen, to whisper or to talk")
        if self.standing is Standing.TALKING and wanted is not Standing.TALKING:
            raise UsageError("the caller is yours now; hang up to leave them")
        if wanted is Standing.WHISPERING and isinstance(self._room, OpenCall):
            raise UsageError(
                "nobody is there to whisper to: the bot has the caller, or they wait for somebody"
            )

    async def become(self, wanted: Standing) -> None:
        """Listen, whisper to whoever has the caller now, or take the caller over."""
        self.check(wanted)
        if wanted is self.standing:
            return
        self._withdraw()
        assert self._seat is not None, "checked"
        match self._room, wanted:
            case Talk() as talk, Standing.WHISPERING:
                self._seat.become(Role.WHISPERER, talk.person)
            case Talk() as talk, Standing.TALKING:
                await self._take_over(talk, self._seat)
            case OpenCall() as call, Standing.TALKING:
                order = TakeOver(self._come)
                call.orders.give(order)
                self._order = order
            case _:
                self._seat.become(Role.LISTENER)

    async def _take_over(self, talk: Talk, seat: Seat) -> None:
        assert self._leg is not None, "who has a seat has a leg"
        assert self._attending is not None, "and sits in it"
        seat.become(Role.PARTY)
        await talk.take_over(self._leg, seat, self._attending)
        self._release()

    def check_sending(self) -> None:
        """Raises UsageError where the caller cannot be sent to a queue from here."""
        self._check_line()
        if isinstance(self._room, Talk) and not self._has_caller:
            raise UsageError("a person has the caller, who alone can send them on")

    async def send_on(self, queue: str) -> None:
        """Let the caller wait for a person in ``queue``; whoever has taken them over leaves."""
        self.check_sending()
        if self._has_caller and self._order is not None and self._leg is not None:
            self._order.onward = queue
            await self._leg.hang_up("the caller was sent to a queue")
        elif isinstance(self._room, OpenCall):
            self._withdraw()
            self._room.orders.give(SendOn(queue))

    def check_ending(self) -> Talk:
        """The conversation to be ended. Raises UsageError for who has not taken the caller over."""
        self._check_line()
        room = self._find_room()
        if self.standing is not Standing.TALKING or not isinstance(room, Talk):
            raise UsageError("take the caller over first; then you may end the call")
        return room

    async def end_call(self) -> None:
        """Hang the caller up, who counts as transferred."""
        await self.check_ending().end_call(ENDED)

    def _check_line(self) -> None:
        if self.is_over:
            raise UsageError("the conversation is over")
        if not self._has_caller and (self._seat is None or not self._seat.present):
            raise UsageError("your line is not up yet")

    def _withdraw(self) -> None:
        """Forget the wish to take over, unless it is being carried out."""
        if self._order is not None and isinstance(self._room, OpenCall):
            self._room.orders.withdraw(self._order)

    # The leg

    def move(self) -> None:
        """The call is with somebody else now: sit there. Whoever has the caller stays."""
        if self.standing is not Standing.TALKING:
            self._withdraw()
            self._moved.set()

    async def sit(self, leg: CallLeg) -> None:
        """Let the page's ``leg`` be there until one of them goes, or the call is over."""
        if self._leg is not None:
            return  # the door hangs up
        self._leg = leg
        try:
            while not self._ended.is_set() and (room := self._find_room()) is not None:
                if not await self._sit_in(room, leg):
                    break
        finally:
            self._withdraw()
            self._ended.set()
            await leg.hang_up("the conversation is over")

    async def _sit_in(self, room: Room, leg: CallLeg) -> bool:
        """Stay until the call goes elsewhere; false where the supervisor does not go with it."""
        self._moved.clear()
        self._room = room
        self._seat = _seat_in(room, leg.sample_rate)
        self._attending = asyncio.create_task(attend(leg, self._seat), name="supervisor")
        left = await _first(self._attending, room.until_over(), self._ended, self._moved)
        if self._has_caller and self._order is not None:
            await _first(None, room.until_over(), self._ended, self._order.over)
            return False
        return not left

    async def _come(self) -> CallLeg | None:
        """Stop listening and give the leg to the caller's session; None where it has ended."""
        attending = self._attending
        assert attending is not None, "who wants the caller has a line"
        self._has_caller = True
        attending.cancel()
        await asyncio.wait({attending})
        return self._leg if attending.cancelled() and not self._ended.is_set() else None


def _seat_in(room: Room, rate: int) -> Seat:
    if isinstance(room, Talk):
        return room.bridge.join("supervisor", rate, Role.LISTENER)
    return room.join(rate)


async def _first(
    attending: asyncio.Task[LegEnded | None] | None,
    over: Coroutine[Any, Any, None],
    *events: asyncio.Event,
) -> bool:
    """Wait until one of these comes, and stop ``attending``; whether it had ended by itself."""
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(over)]
    tasks += [asyncio.create_task(event.wait()) for event in events]
    tasks += [] if attending is None else [attending]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return attending is not None and attending.done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
