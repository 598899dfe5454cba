"""Conversations in text that wait for a person, and talk to one.

Whatever the flow asks for, a conversation stands in the queues as calls do (`Queueing`), as a
contact of the kind `Channel.TEXT`. Its place is written down with it (`Stand`), so that a restart
keeps it: who waited stands where they stood, who talked to an agent waits at the head of the line.
What is written meanwhile is kept for the agent, and nothing but an agent answers it.

What happens in the queues comes to one task a conversation; everything that is written down is done
by the conversation's only writer (`ChatShelf.locked`). One that chooses what its flow offers to who
waits, or has taken the place of a call over (`text_taken_over`), does something else meanwhile, and
goes back when an agent has answered. Left out on purpose: what is said to who waits on the line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Final

import structlog

from voicebot.acd import effects as e
from voicebot.acd.model import ContactId, ContactState
from voicebot.errors import StorageError, TextRefused
from voicebot.flows.events import FlowEvent, TransferRefused, TransferReturned
from voicebot.queues.moved_words import moved_words
from voicebot.sessions.chat import ChatSession
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_records import ChatStore
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.invitation import ConversationId
from voicebot.sessions.place import Accepted, Place
from voicebot.sessions.queue_figures import SERVED
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.text_agents import TextAgents
from voicebot.sessions.text_callbacks import TextCallbacks
from voicebot.sessions.text_entry import enter, noted_of
from voicebot.sessions.text_insistence import Insistence
from voicebot.sessions.text_messengers import Messengers
from voicebot.sessions.text_pages import TextPages
from voicebot.sessions.text_standing_by import StandingBy
from voicebot.sessions.text_stays import LEFT_LINE, THROUGH, Stay, Stays
from voicebot.sessions.waking import CallLater, on_the_loop
from voicebot.types import Outcome, Prompt

log = structlog.get_logger(__name__)

PLACES_EVERY_S: Final = 3.0
"""How often it is looked whether a place has changed that somebody sees."""
RESTORED_EVERY: Final = 20
"""Rounds of `PLACES_EVERY_S` between two looks for places that are in the records only."""
MOST_RESTORED: Final = 20_000
MOST_REFUSALS: Final = 8
"""Queues that may refuse a conversation before its flow asks for something else."""


class TextQueue:
    """The conversations of ``store``, at hand on ``shelf``, that are in queues.

    ``hold`` keeps the present version of the application, ``ended`` is told of a conversation that
    is over; ``clock`` gives UTC seconds since the epoch. Who is told of what ``agents``
    take, and how ``messengers`` send lines, are set once others are there.
    """

    def __init__(
        self,
        store: ChatStore,
        shelf: ChatShelf,
        hold: Callable[[], AbstractContextManager[ChatApplication]],
        ended: Callable[[ChatSession], None],
        clock: Callable[[], float],
        call_later: CallLater = on_the_loop,
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._hold = hold
        self._ended = ended
        self._clock = clock
        self._stays = Stays()
        self._by = StandingBy()
        self._insistence = Insistence(self._stays)
        self.callbacks = TextCallbacks()
        self.messengers = Messengers()
        self.pages = TextPages(shelf, self._stays, self._by, call_later)
        self.agents = TextAgents(
            shelf,
            self._stays,
            self.pages,
            self.messengers,
            self._insistence,
            self._through,
            hold,
            clock,
            call_later,
        )

    def __len__(self) -> int:
        return len(self._stays)

    async def stop(self) -> None:
        """Stop following; the places are kept in the records."""
        following = [stay.task for stay in self._stays if stay.task is not None]
        for task in following:
            task.cancel()
        await asyncio.gather(*following, self._insistence.stop(), return_exceptions=True)

    # Coming and going; with the conversation's lock held

    async def settle(self, session: ChatSession, application: ChatApplication) -> None:
        """Let a conversation stand where its flow sends it now, and nowhere else. Raises
        StorageError."""
        for _ in range(MOST_REFUSALS):
            stay = self._stays.of(session.record.id)
            if stay is not None and not _is_for(stay, session):
                await self._leave_for_another(stay, session)
                stay = None
            if session.wants is None and not session.keeps_place:
                self._by.ends(session.record.id)
                return
            if stay is None:
                event = await self._enter(session, application)
            else:
                event = await self._called_from(stay, session)
            if event is None:
                return
            assert application.queueing is not None, "it was asked"
            noted = noted_of(session.record, application.queueing)
            await session.go_on(event, application, noted, self._clock())
        await session.give_up(self._clock())

    def left(self, session: ChatSession, reason: str) -> None:
        """The caller is gone: give the place up, or end the conversation with the agent."""
        self._by.ends(session.record.id)
        stay = self._stays.of(session.record.id)
        if stay is not None:
            self._stays.remove(stay, reason)

    async def leave_line(self, session: ChatSession, application: ChatApplication) -> None:
        """The caller waits no longer, and the flow goes on as where nobody came. Raises TextRefused
        'line' where nobody waits, StorageError."""
        stay = self._stays.of(session.record.id)
        standing = None if stay is None else stay.queueing.service.standing(stay.contact_id)
        if stay is None or standing is None or standing.state is ContactState.CONNECTED:
            raise TextRefused("line", "this conversation does not wait for anybody")
        self._stays.remove(stay, LEFT_LINE)
        if session.keeps_place:
            await session.leave_place(self._clock())
            return
        event, noted = TransferRefused(LEFT_LINE), noted_of(session.record, stay.queueing)
        await session.go_on(event, application, noted, self._clock())
        await self.settle(session, application)

    async def _enter(self, session: ChatSession, application: ChatApplication) -> FlowEvent | None:
        """Take a place; what the flow is told at once, None where the conversation waits."""
        stand, queueing = session.record.stand, application.queueing
        transfer = session.wants or session.kept_transfer(application)
        assert queueing is not None, "without queues nothing waits for them"
        if transfer is None:  # the designer has taken it away
            await session.leave_place(self._clock())
            return None
        if self._by.begins(session.record.id, ContactId(session.record.contact_id), queueing):
            return None
        entered = enter(session, transfer, queueing, self.callbacks)
        if not isinstance(entered, Place):
            return entered
        stay = self.stand_at(session.record.id, entered, queueing, transfer.queue)
        stay.not_called = transfer
        if stand is not None and stand.agent:
            await session.change(stand=stand.again(self._clock(), head=True))
        return None

    def stand_at(
        self, conversation: ConversationId, place: Place, queueing: Queueing, wanted: str
    ) -> Stay:
        """Let a conversation whose flow wanted the queue ``wanted`` wait at ``place``."""
        self._by.ends(conversation)
        stay = Stay(conversation, place, queueing, wanted)
        self._stays.add(stay)
        stay.task = asyncio.create_task(self._follow(stay), name="text in a queue")
        return stay

    async def _called_from(self, stay: Stay, session: ChatSession) -> FlowEvent | None:
        """The flow asks for a call instead of the wait: `CallbackAgreed` where one is promised;
        else it is said that the wait goes on."""
        wanted = session.wants
        if wanted is None or not wanted.callback or wanted is stay.not_called:
            return None
        stay.not_called = wanted
        agreed = self.callbacks.booked(stay.place, wanted, stay.queueing)
        if agreed is None:
            words = Prompt((moved_words(session.record.language).not_called,))
            await session.add_notice(words, self._clock())
            return None
        self._stays.remove(stay, "is called back")
        return agreed

    async def _leave_for_another(self, stay: Stay, session: ChatSession) -> None:
        """The flow leads away from where the conversation stands."""
        served = session.over and session.record.outcome is Outcome.SELF_SERVED
        self._stays.remove(stay, SERVED if served else LEFT_LINE)
        if session.wants is not None:
            await session.begin_wait(self._clock())

    # While the caller waits on the telephone, too

    def observe(self, effect: e.Effect) -> None:
        """Take what the distribution does: an agent has talked to somebody by telephone whose
        conversation stands by."""
        if not isinstance(effect, e.Release):
            return
        conversation = self._by.released(effect.contact_id)
        if conversation is not None:
            work = self._by_telephone(conversation)
            self._insistence.apart(work, "text goes on after a call")

    async def _by_telephone(self, conversation: ConversationId) -> None:
        async def go_on(session: ChatSession) -> None:
            if session.wants is None or self._stays.of(conversation) is not None:
                return
            before = session.record.cursor
            event = TransferReturned(0.0)
            with self._hold() as application:
                await session.go_on(event, application, None, self._clock())
                await self.settle(session, application)
            self._ended(session)
            await self.messengers.send(session, before)

        await self._shelf.locked(conversation, go_on)

    # What the distribution says

    async def _follow(self, stay: Stay) -> None:
        try:
            while True:
                match await stay.place.next():
                    case Accepted(agent_id):
                        work = partial(self.agents.begin, stay, agent_id)
                        await self._insistence.insist(stay, work)
                    case e.Overflowed() as effect:
                        work = partial(self._through, stay, stay.queueing.refusal(effect))
                        await self._insistence.insist(stay, work)
                        return
                    case _:
                        self.pages.show(stay.conversation)
        except (StorageError, TextRefused) as error:
            log.warning("text_in_queue_not_kept", problem=str(error))
        except Exception:
            log.exception("text_in_queue_failed")
            self._stays.remove(stay, "something went wrong")  # `restore` gives the place back

    async def _through(self, stay: Stay, event: FlowEvent) -> None:
        """The queue is done with the conversation: its flow goes on with ``event``."""

        async def go_on(session: ChatSession) -> None:
            if not self._stays.has(stay):
                return
            stay.queueing.service.left(stay.place, THROUGH)
            before, noted = session.record.cursor, noted_of(session.record, stay.queueing)
            with self._hold() as application:
                await session.go_on(event, application, noted, self._clock())
                self._stays.remove(stay, THROUGH)
                await self.settle(session, application)
            self._ended(session)
            await self.messengers.send(session, before)

        await self._shelf.locked(stay.conversation, go_on)

    # Now and then

    async def keep(self) -> None:
        """Show places that have changed, and take up conversations that have none but should; until
        cancelled."""
        rounds = 0
        while True:
            if rounds % RESTORED_EVERY == 0:
                await self.restore()
            rounds += 1
            await asyncio.sleep(PLACES_EVERY_S)
            self.pages.look()

    async def restore(self) -> None:
        """Give conversations their places back that have one in the records only, as after a
        restart. Never raises."""

        async def take_up(session: ChatSession) -> None:
            before = session.record.cursor
            with self._hold() as application:
                await session.wake(application, self._clock())
                await self.settle(session, application)
            self._ended(session)
            await self.messengers.send(session, before)

        try:
            for conversation in await self._store.standing(MOST_RESTORED):
                if self._stays.of(conversation) is None:
                    await self._shelf.locked(conversation, take_up)
        except (StorageError, TextRefused) as error:
            log.warning("text_not_back_in_line", problem=str(error))


def _is_for(stay: Stay, session: ChatSession) -> bool:
    """Whether the conversation still wants what it waits for."""
    return session.keeps_place or (session.wants is not None and session.wants.queue == stay.wanted)
