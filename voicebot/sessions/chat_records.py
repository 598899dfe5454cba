"""What a conversation in text is made of, and the contract of who keeps it.

A conversation is a list of lines, numbered from 1, and the state of its flow. Both change together
or not at all (`ChatStore.commit`), so that a message is answered once, whatever dies in between.
Several channels may write to one conversation; each line says which it came by.

Left out on purpose: the secrets of links. Only their hashes come here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from voicebot.events import QueueNoted
from voicebot.sessions.cards import ShownCard
from voicebot.sessions.chat_reading import Reading
from voicebot.sessions.invitation import ConversationId
from voicebot.types import CallId, Json, Language, Outcome

MAX_TEXT = 2_000
"""Characters of one message."""
MAX_LINES = 1_000
"""Lines of one conversation; who has written so much talks to a machine that does not help."""


PAGE = "web"
"""The channel of conversations on a page of ours."""


class Who(StrEnum):
    """Whose line it is."""

    CALLER = "caller"
    BOT = "bot"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line. ``cursor`` is its place from 1; ``at`` UTC epoch seconds; ``channel`` is 'voice',
    'web' or the name of another one. ``client_id`` is the sender's own id of a message, empty for
    what the bot says. ``card`` is shown in place of the text by who can show cards. ``reading`` is
    how a message was read; None for all else. ``name`` is that of the agent whose line it is."""

    cursor: int
    at: float
    channel: str
    who: Who
    text: str
    client_id: str = ""
    card: ShownCard | None = None
    reading: Reading | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Stand:
    """A conversation waits for a person, or talks to one: the place that a restart keeps.

    ``since`` is when the contact came to the queues, ``waits_since`` when this wait began (UTC
    epoch seconds). ``queue`` is where it stands now, empty: where its flow sends it. ``agent``
    talks with it; ``head``: an agent did, and it stands at the head of the line. ``thanked``: the
    caller has been told who will read what they write.
    """

    since: float
    waits_since: float
    queue: str = ""
    agent: str = ""
    head: bool = False
    thanked: bool = False

    def again(self, now: float, *, head: bool) -> Stand:
        """The same once no agent has it any more: a wait that begins ``now``."""
        return replace(self, agent="", head=head, waits_since=now, thanked=False)


@dataclass(frozen=True, slots=True)
class ChatRecord:
    """A conversation without its lines. Times are UTC epoch seconds.

    ``contact`` is the call that it came from, None where it began in text. ``sender`` is who
    writes on ``channel`` where that is no page of ours. ``state`` is `FlowState.to_json` as of the
    application's ``version``; ``cursor`` that of the last line. ``active_at`` is when somebody last
    did something. ``link`` is the hash of the invitation's secret, ``key`` that of the secret of
    the browser that opened it, each empty where there is none. ``stand`` is its place in a queue,
    ``noted`` what became of it in the queues so far.
    """

    id: ConversationId
    flow: str
    language: Language
    version: str
    state: Mapping[str, Json]
    started_at: float
    active_at: float
    contact: CallId | None = None
    channel: str = PAGE
    sender: str = ""
    cursor: int = 0
    opened_at: float | None = None
    ended_at: float | None = None
    outcome: Outcome | None = None
    reason: str = ""
    link: str = ""
    link_until: float = 0.0
    key: str = ""
    stand: Stand | None = None
    noted: QueueNoted | None = None

    @property
    def contact_id(self) -> CallId:
        """What the queues and the ledger know it by: the call it came from, or its own id."""
        return self.contact or CallId(self.id)


@dataclass(frozen=True, slots=True)
class ChatChange:
    """A record as it is from now on, with the lines that are new, and old ones that read otherwise
    (``reworded``). It holds only where the last line so far is ``after``: somebody else may have
    written meanwhile."""

    record: ChatRecord
    after: int
    lines: Sequence[ChatLine] = field(default=())
    reworded: Sequence[ChatLine] = field(default=())


class ChatStore(Protocol):
    """Keeps conversations. All of it may raise StorageError."""

    async def create(self, record: ChatRecord, lines: Sequence[ChatLine]) -> None:
        """Keep a new conversation."""
        ...

    async def commit(self, change: ChatChange) -> bool:
        """Make ``change`` durable, all of it; false where the conversation has moved on."""
        ...

    async def get(self, conversation: ConversationId) -> ChatRecord | None: ...

    async def lines(self, conversation: ConversationId) -> Sequence[ChatLine]:
        """All lines in order."""
        ...

    async def by_link(self, link: str) -> ChatRecord | None:
        """The conversation whose link has this hash, opened or not."""
        ...

    async def by_contact(self, contact: CallId) -> ChatRecord | None:
        """The newest conversation that goes on and came from this call."""
        ...

    async def by_sender(self, channel: str, sender: str) -> ChatRecord | None:
        """The newest conversation of this sender that goes on."""
        ...

    async def quiet_since(self, at: float, limit: int) -> Sequence[ConversationId]:
        """Conversations that go on and in which nothing has happened since ``at``."""
        ...

    async def unopened(self, now: float, limit: int) -> Sequence[ConversationId]:
        """Those whose link has run out before anybody opened it."""
        ...

    async def standing(self, limit: int) -> Sequence[ConversationId]:
        """Those that wait for a person or talk to one, the longest first."""
        ...

    async def open_count(self) -> int:
        """How many go on."""
        ...
