"""Conversations in text that wait for a person, and talk to one.

Whatever the flow asks for, a conversation stands in the queues as calls do (`Queueing`), as a
contact of the kind `Channel.TEXT`. Its place is written down with it (`Stand`), so that a restart
keeps it: who waited stands where they stood, who talked to an agent waits at the head of the line.
What is written meanwhile is kept for the agent, and nothing but an agent answers it.

What happens in the queues comes to one task a conversation; everything that is written down is done
by the conversation's only writer (`ChatShelf.locked`). One that has taken the place of a call over
(`text_taken_over`) may do something else meanwhile, and goes back when an agent has answered. Left
out on purpose: what is offered to those who wait, which is for those who can only listen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from voicebot.acd import effects as e
from voicebot.acd.model import AgentId, Channel, ContactId, ContactState
from voicebot.errors import RoutingError, StorageError, TextRefused
from voicebot.events import QueueNoted
from voicebot.flows.commands import (
    CallbackAgreed,
    FlowEvent,
    Transfer,
    TransferRefused,
    TransferReturned,
)
from voicebot.sessions.chat import ChatApplication, ChatSession, ChatView, InLine
from voicebot.sessions.chat_records import PAGE, ChatLine, ChatRecord, ChatStore, Stand, Who
from voicebot.sessions.chat_shelf import ChatShelf
from voicebot.sessions.invitation import ConversationId, TextTo
from voicebot.sessions.numbers import caller_number
from voicebot.sessions.place import Accepted, Place
from voicebot.sessions.queue_figures import SERVED
from voicebot.sessions.queue_handoff import Comer, Kept, Queueing
from voicebot.sessions.text_callbacks import TextCallbacks
from voicebot.sessions.text_standing_by import StandingBy, in_line
from voicebot.sessions.text_talk import TextTalk
from voicebot.sessions.waking import CallLater, on_the_loop
from voicebot.types import Outcome

log = structlog.get_logger(__name__)

AWAY_S: Final = 10.0
"""How long a caller's page may be gone before the agent is told: pages that ask come and go."""
PLACES_EVERY_S: Final = 3.0
"""How often it is looked whether a place has changed that somebody sees."""
PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Between tries to write down what happened in a queue."""
RESTORED_EVERY: Final = 20
"""Rounds of `PLACES_EVERY_S` between two looks for places that are in the records only."""
MOST_RESTORED: Final = 20_000
LEFT_LINE: Final = "left the line"
THROUGH: Final = "the queue is done with it"
MOST_REFUSALS: Final = 8
"""Queues that may refuse a conversation before its flow asks for something else."""


@dataclass(slots=True, eq=False)
class Stay:
    """One conversation's place. ``queueing`` is that of the version in which it came; ``shown`` is
    what its pages show of it."""

    conversation: ConversationId
    place: Place
    queueing: Queueing
    wanted: str = ""
    """The queue that the flow wanted; rules may have sent the contact to another."""
    not_called: Transfer | None = None
    """The transfer that asked for a call in vain: it waits, and is not asked about again."""
    talk: TextTalk | None = None
    task: asyncio.Task[None] | None = None
    shown: InLine | None = None

    @property
    def contact_id(self) -> ContactId:
        return self.place.contact_id


class TextQueue:
    """The conversations of ``store``, at hand on ``shelf``, that are in queues.

    ``hold`` keeps the present version of the application, ``ended`` is told of a conversation that
    is over; ``clock`` gives UTC seconds since the epoch. ``talking`` is told of every conversation
    with an agent, and ``post`` sends lines to where there is no page; both are set once others are
    there.
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
        self.talking: Callable[[TextTalk], None] = lambda talk: None
        self.post: Callable[[TextTo], Awaitable[None]] | None = None
        self._store = store
        self._shelf = shelf
        self._hold = hold
        self._ended = ended
        self._clock = clock
        self._call_later = call_later
        self.callbacks = TextCallbacks()
        self._stays: dict[ConversationId, Stay] = {}
        self._by = StandingBy()
        self._working: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._stays)

    async def stop(self) -> None:
        """Stop following; the places are kept in the records."""
        following = [stay.task for stay in self._stays.values() if stay.task is not None]
        for task in (*following, *self._working):
            task.cancel()
        await asyncio.gather(*following, *self._working, return_exceptions=True)

    # Coming and going; with the conversation's lock held

    async def settle(self, session: ChatSession, application: ChatApplication) -> None:
        """Let a conversation stand where its flow sends it now, and nowhere else. Raises
        StorageError."""
        for _ in range(MOST_REFUSALS):
            stay = self._stays.get(session.record.id)
            if stay is not None and not _is_for(stay, session):
                await self._leave_for_another(stay, session)
                stay = None
            if session.wants is None and not session.keeps_place:
                self._by.ends(session.record.id)
                return
            if stay is None:
                event = await self._enter(session, application)
            else:
                event = self._called_from(stay, session)
            if event is None:
                return
            assert application.queueing is not None, "it was asked"
            noted = _noted(session.record, application.queueing)
            await session.go_on(event, application, noted, self._clock())
        await session.give_up(self._clock())

    def left(self, session: ChatSession, reason: str) -> None:
        """The caller is gone: give the place up, or end the conversation with the agent."""
        self._by.ends(session.record.id)
        stay = self._stays.get(session.record.id)
        if stay is not None:
            self._remove(stay, reason)

    async def leave_line(self, session: ChatSession, application: ChatApplication) -> None:
        """The caller waits no longer, and the flow goes on as where nobody came. Raises TextRefused
        'line' where nobody waits, StorageError."""
        stay = self._stays.get(session.record.id)
        standing = None if stay is None else stay.queueing.service.standing(stay.contact_id)
        if stay is None or standing is None or standing.state is ContactState.CONNECTED:
            raise TextRefused("line", "this conversation does not wait for anybody")
        self._remove(stay, LEFT_LINE)
        if session.keeps_place:
            await session.leave_place(self._clock())
            return
        event, noted = TransferRefused(LEFT_LINE), _noted(session.record, stay.queueing)
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
        kept = None
        if stand is not None and not session.is_new_in_line:
            kept = Kept(stand.since, stand.queue, stand.head or bool(stand.agent))
            self._remember(session.record, stand, queueing)
        comer = _comer(session)
        try:
            language = session.record.language
            if kept is None and self.callbacks.promised(comer, transfer, language, queueing):
                return CallbackAgreed()
            place = queueing.enter(comer, transfer, language, kept)
        except RoutingError as error:
            log.warning("queue_not_entered", queue=transfer.queue, problem=str(error))
            return TransferRefused(str(error))
        while (notice := place.met()) is not None:
            if isinstance(notice, e.Overflowed):
                queueing.service.left(place, "sent away")
                return queueing.refusal(notice)
        stay = self.stand_at(session.record.id, place, queueing, transfer.queue)
        stay.not_called = transfer
        if stand is not None and stand.agent:
            await session.change(stand=_waiting(stand, self._clock(), head=True))
        return None

    def stand_at(
        self, conversation: ConversationId, place: Place, queueing: Queueing, wanted: str
    ) -> Stay:
        """Let a conversation whose flow wanted the queue ``wanted`` wait at ``place``."""
        self._by.ends(conversation)
        stay = self._stays[conversation] = Stay(conversation, place, queueing, wanted)
        stay.task = asyncio.create_task(self._follow(stay), name="text in a queue")
        return stay

    def _called_from(self, stay: Stay, session: ChatSession) -> FlowEvent | None:
        """The flow asks for a call instead of the wait: `CallbackAgreed` where one is promised."""
        wanted = session.wants
        if wanted is None or not wanted.callback or wanted is stay.not_called:
            return None
        stay.not_called = wanted
        if not self.callbacks.booked(stay.place, wanted, stay.queueing):
            return None
        self._remove(stay, "is called back")
        return CallbackAgreed()

    async def _leave_for_another(self, stay: Stay, session: ChatSession) -> None:
        """The flow leads away from where the conversation stands."""
        served = session.over and session.record.outcome is Outcome.SELF_SERVED
        self._remove(stay, SERVED if served else LEFT_LINE)
        if session.wants is not None:
            session.is_new_in_line = True
            now = self._clock()
            await session.change(stand=Stand(now, now))

    # While the caller waits on the telephone, too

    def observe(self, effect: e.Effect) -> None:
        """Take what the distribution does: an agent has talked to somebody by telephone whose
        conversation stands by."""
        if not isinstance(effect, e.Release):
            return
        conversation = self._by.released(effect.contact_id)
        if conversation is not None:
            work = self._by_telephone(conversation)
            task = asyncio.create_task(work, name="text goes on after a call")
            self._working.add(task)
            task.add_done_callback(self._done)

    async def _by_telephone(self, conversation: ConversationId) -> None:
        async def go_on(session: ChatSession) -> None:
            if session.wants is None or conversation in self._stays:
                return
            before = session.record.cursor
            event = TransferReturned(0.0)
            with self._hold() as application:
                await session.go_on(event, application, None, self._clock())
                await self.settle(session, application)
            self._ended(session)
            await self.send(session, before)

        await self._shelf.locked(conversation, go_on)

    def _remember(self, record: ChatRecord, stand: Stand, queueing: Queueing) -> None:
        """Go on counting the wait and the talks of before a restart."""
        contact_id = ContactId(record.contact_id)
        if queueing.service.noted(contact_id) is None:
            noted = record.noted or QueueNoted(record.contact_id, stand.since, stand.queue, 0.0)
            waiting_since = None if stand.agent else stand.waits_since
            queueing.service.remember(noted, waiting_since)

    def _remove(self, stay: Stay, reason: str) -> None:
        if self._stays.get(stay.conversation) is stay:
            del self._stays[stay.conversation]
        stay.queueing.service.left(stay.place, reason)
        if stay.talk is not None and not stay.talk.over:
            stay.talk.end()
        if stay.task is not None and stay.task is not asyncio.current_task():
            stay.task.cancel()

    # What the distribution says

    async def _follow(self, stay: Stay) -> None:
        try:
            while True:
                match await stay.place.next():
                    case Accepted(agent_id):
                        await self._insist(stay, partial(self._begin, stay, agent_id))
                    case e.Overflowed() as effect:
                        refused = stay.queueing.refusal(effect)
                        await self._insist(stay, partial(self._through, stay, refused))
                        return
                    case _:
                        self.show(stay.conversation)
        except (StorageError, TextRefused) as error:
            log.warning("text_in_queue_not_kept", problem=str(error))
        except Exception:
            log.exception("text_in_queue_failed")
            self._remove(stay, "something went wrong")  # `restore` gives the place back

    async def _begin(self, stay: Stay, agent_id: AgentId) -> None:
        """An agent has taken the contact."""

        async def begin(session: ChatSession) -> None:
            if self._stays.get(stay.conversation) is not stay:
                return
            if session.keeps_place and not await self._taken_back(stay, session):
                return
            stand = session.record.stand
            if stand is None:
                return
            stand = replace(stand, agent=str(agent_id), queue=_queue_of(stay))
            await session.change(stand=stand, noted=_noted(session.record, stay.queueing))
            talk = stay.talk = TextTalk(
                stay.contact_id,
                stay.conversation,
                agent_id,
                self._clock(),
                self,
                self._call_later,
            )
            talk.there = _is_there(session)
            self.talking(talk)
            session.tell()

        await self._shelf.locked(stay.conversation, begin)

    async def _taken_back(self, stay: Stay, session: ChatSession) -> bool:
        """Whether the flow has gone back to the queue, for an agent has answered."""
        before = session.record.cursor
        with self._hold() as application:
            await session.wake(application, self._clock())
            if session.kept_transfer(application) is not None:
                await session.back_in_line(application, self._clock())
        await self.send(session, before)
        if session.wants is not None:
            return True
        self._remove(stay, LEFT_LINE)  # the designer has taken the transfer away
        await session.leave_place(self._clock())
        return False

    async def _through(self, stay: Stay, event: FlowEvent) -> None:
        """The queue is done with the conversation: its flow goes on with ``event``."""

        async def go_on(session: ChatSession) -> None:
            if self._stays.get(stay.conversation) is not stay:
                return
            stay.queueing.service.left(stay.place, THROUGH)
            before, noted = session.record.cursor, _noted(session.record, stay.queueing)
            with self._hold() as application:
                await session.go_on(event, application, noted, self._clock())
                self._remove(stay, THROUGH)
                await self.settle(session, application)
            self._ended(session)
            await self.send(session, before)

        await self._shelf.locked(stay.conversation, go_on)

    async def _waits(self, stay: Stay, *, head: bool) -> None:
        """The conversation waits again, and no agent has it."""

        async def again(session: ChatSession) -> None:
            stand, now = session.record.stand, self._clock()
            if self._stays.get(stay.conversation) is not stay or stand is None or stay.talk:
                return
            fields = {
                "stand": replace(_waiting(stand, now, head=head), queue=_queue_of(stay)),
                "noted": _noted(session.record, stay.queueing),
            }
            if head:
                sorry = stay.queueing.apology(stay.contact_id, session.record.language)
                before = session.record.cursor
                await session.add_notice(sorry, now, **fields)
                await self.send(session, before)
            else:
                await session.change(**fields)

        await self._shelf.locked(stay.conversation, again)

    async def _insist(self, stay: Stay, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` though the records may be away for a moment. What could not be done in the
        end is done by `restore`: the place is in the records. Raises what went wrong then."""
        for pause_s in (*PAUSES_S, None):
            try:
                return await work()
            except (StorageError, TextRefused) as error:
                if pause_s is None:
                    self._remove(stay, "the records are away")
                    raise
                log.warning("text_in_queue_not_kept_yet", problem=str(error))
                await asyncio.sleep(pause_s)

    def _apart(
        self, stay: Stay, work: Callable[[], Awaitable[None]], name: str
    ) -> asyncio.Task[None]:
        """Do ``work`` to its end, whoever is still interested in it."""
        task = asyncio.create_task(self._insist(stay, work), name=name)
        self._working.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("text_in_queue_not_kept", problem=str(error))

    # The agent (`TextSide`)

    def lines(self, conversation: ConversationId) -> Sequence[ChatLine]:
        """All lines so far."""
        session = self._shelf.at_hand(conversation)
        return () if session is None else session.lines

    def lines_of(self, contact_id: ContactId) -> Sequence[ChatLine]:
        """All lines so far of a contact that is in a queue; of any other none."""
        stays = self._stays.values()
        stay = next((each for each in stays if each.contact_id == contact_id), None)
        return () if stay is None else self.lines(stay.conversation)

    async def say(self, talk: TextTalk, text: str, key: str) -> int:
        """Add the agent's line. Raises TextRefused, StorageError."""

        async def add(session: ChatSession) -> int:
            if talk.over:
                raise TextRefused("over", "the conversation is over")
            cursor = await session.add_of_agent(text, key, str(talk.agent), self._clock())
            await self.send(session, cursor - 1, cursor)
            return cursor

        return await self._shelf.locked(talk.conversation, add)

    async def agent_left(self, talk: TextTalk, way: str) -> None:
        """The agent is free, and the flow goes on."""
        stay = self._stays.get(talk.conversation)
        if stay is None or stay.talk is not talk:
            return
        stay.queueing.service.left(stay.place, THROUGH)
        seconds = max(0.0, self._clock() - talk.began_at)
        event = TransferReturned(seconds, "agent", way)
        await asyncio.shield(self._apart(stay, partial(self._through, stay, event), "text goes on"))

    async def agent_sent_on(self, talk: TextTalk) -> None:
        """The contact waits in another queue."""
        stay = self._stays.get(talk.conversation)
        if stay is not None and stay.talk is talk:
            stay.talk = None
            work = partial(self._waits, stay, head=False)
            await asyncio.shield(self._apart(stay, work, "text sent on"))

    def agent_lost(self, talk: TextTalk) -> None:
        """The agent is gone: back to the head of the line."""
        stay = self._stays.get(talk.conversation)
        if stay is None or stay.talk is not talk:
            return
        stay.talk = None
        if stay.queueing.service.line_lost(stay.place):
            self._apart(stay, partial(self._waits, stay, head=True), "text back in line")

    # Pages

    def show(self, conversation: ConversationId) -> None:
        """Let the caller's pages look again."""
        session = self._shelf.at_hand(conversation)
        if session is not None:
            session.tell()

    def stirred(self, conversation: ConversationId) -> None:
        """Something has changed in it: for the agent who has it."""
        stay = self._stays.get(conversation)
        if stay is not None and stay.talk is not None:
            stay.talk.changed()

    def dressed(self, view: ChatView, conversation: ConversationId) -> ChatView:
        """The view with where the conversation stands."""
        stay = self._stays.get(conversation)
        if stay is None:
            return replace(view, waiting=self._by.in_line(conversation))
        if stay.talk is not None:
            agent = str(stay.talk.agent)
            return replace(view, agent=agent, agent_typing=bool(stay.talk.agent_writes))
        stay.shown = in_line(stay.contact_id, stay.queueing)
        return replace(view, waiting=stay.shown)

    def writes(self, conversation: ConversationId, on: bool) -> None:
        """The caller is typing, or is not."""
        stay = self._stays.get(conversation)
        if stay is not None and stay.talk is not None:
            stay.talk.caller_writes.set(on)

    @contextmanager
    def seen(self, conversation: ConversationId) -> Iterator[None]:
        """While a page shows it the agent sees the caller there, and for `AWAY_S` after it."""
        self._look_for_pages(conversation)
        try:
            yield
        finally:
            if conversation in self._stays:
                self._call_later(AWAY_S, partial(self._look_for_pages, conversation))

    def _look_for_pages(self, conversation: ConversationId) -> None:
        session, stay = self._shelf.at_hand(conversation), self._stays.get(conversation)
        if session is None or stay is None or stay.talk is None:
            return
        there = _is_there(session)
        if stay.talk.there is not there:
            stay.talk.there = there
            stay.talk.changed()

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
            self.look()

    def look(self) -> None:
        """Let pages look again that show a place which is another now."""
        for stay in list(self._stays.values()):
            session = self._shelf.at_hand(stay.conversation)
            if stay.talk is not None or session is None or not session.watchers:
                continue
            if in_line(stay.contact_id, stay.queueing) != stay.shown:
                session.tell()

    async def restore(self) -> None:
        """Give conversations their places back that have one in the records only, as after a
        restart. Never raises."""

        async def take_up(session: ChatSession) -> None:
            before = session.record.cursor
            with self._hold() as application:
                await session.wake(application, self._clock())
                await self.settle(session, application)
            self._ended(session)
            await self.send(session, before)

        try:
            for conversation in await self._store.standing(MOST_RESTORED):
                if conversation not in self._stays:
                    await self._shelf.locked(conversation, take_up)
        except (StorageError, TextRefused) as error:
            log.warning("text_not_back_in_line", problem=str(error))

    async def send(self, session: ChatSession, after: int, to: int | None = None) -> None:
        """Bring our lines from ``after`` on to a channel that is no page."""
        record = session.record
        if self.post is None or record.channel == PAGE or not record.sender:
            return
        for line in session.lines[after:to]:
            if line.who is not Who.CALLER:
                await self.post(line_to(record, line))


def line_to(record: ChatRecord, line: ChatLine, replies: tuple[str, ...] = ()) -> TextTo:
    """A line for who writes on a channel of no page of ours."""
    return TextTo(
        record.channel,
        record.sender,
        record.id,
        line.cursor,
        line.text,
        replies,
        line.card,
        line.who.value,
        line.name,
    )


def _comer(session: ChatSession) -> Comer:
    record, state = session.record, session.state
    told = {} if state is None else state.told
    caller = record.sender or str(told.get("caller") or "")
    party = caller_number(caller.rpartition(":")[2])
    return Comer(ContactId(record.contact_id), caller, party, Channel.TEXT)


def _noted(record: ChatRecord, queueing: Queueing) -> QueueNoted | None:
    return queueing.service.noted(ContactId(record.contact_id)) or record.noted


def _is_for(stay: Stay, session: ChatSession) -> bool:
    """Whether the conversation still wants what it waits for."""
    return session.keeps_place or (session.wants is not None and session.wants.queue == stay.wanted)


def _queue_of(stay: Stay) -> str:
    standing = stay.queueing.service.standing(stay.contact_id)
    return "" if standing is None else standing.queue


def _waiting(stand: Stand, now: float, *, head: bool) -> Stand:
    return replace(stand, agent="", head=head, waits_since=now, thanked=False)


def _is_there(session: ChatSession) -> bool:
    return bool(session.watchers) or session.record.channel != PAGE
