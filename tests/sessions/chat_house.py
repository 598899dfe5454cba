"""Conversations in text on a database of their own, flows from text and a standing clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from textwrap import dedent

from sqlalchemy import create_engine

from tests.sessions.agents_at_work import TurnedClock
from voicebot.document import parse_document
from voicebot.errors import ActionError, FlowError
from voicebot.events import CallEvent
from voicebot.flows.interpreter import Interpreter
from voicebot.flows.model import FlowSet
from voicebot.flows.reader import read_flow
from voicebot.grammar.store import GrammarStore
from voicebot.sessions.chat_application import ChatApplication
from voicebot.sessions.chat_beginnings import Fresh
from voicebot.sessions.chat_meaning import Message
from voicebot.sessions.chats import ChatPolicy, Chats
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.invitation import ConversationId, TextReached
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.quick_replies import QuickReplies
from voicebot.sessions.typed import TypedInput
from voicebot.sessions.waking import on_the_loop
from voicebot.storage.conversations import SqlChatStore
from voicebot.storage.database import open_database
from voicebot.storage.schema import metadata
from voicebot.types import Json, Language

_HEAD = "#ABNF 1.0 UTF-8;\nlanguage en-US;\ntag-format <semantics/1.0>;\nroot $all;\n$all = "
GRAMMARS = {
    "wish": "opening hours {out='hours'} | delivery {out='delivery'} | [good] bye {out='bye'};",
    "day": "[on] (monday {out='Monday'} | tuesday {out='Tuesday'} | friday {out='Friday'});",
    "size": "small {out='small'} | large {out='large'};",
}
SHOP = """
start: greet
trouble: {in_a_row: 6, in_all: 20, next: bye}
steps:
  greet: {say: Hello., next: menu}
  menu:
    ask: What is it about?
    grammar: wish
    keys: {"1": hours, "2": delivery}
    nomatch: Pardon?
    next: {hours: hours, delivery: delivery, bye: bye}
  hours: {act: hours, store: hours, next: tell, on_error: broken}
  tell: {say: "We open at {hours}.", served: true, next: menu}
  broken: {say: I cannot look that up., next: menu}
  delivery:
    form:
      day: {ask: Which day?, grammar: day, called: day of delivery}
      size: {ask: Which size?, grammar: size}
    next: done
  done: {say: "{size} on {day}.", served: true, next: menu}
  bye: {say: Goodbye., hangup: auto}
"""


@dataclass
class Acts:
    """The actions of the flow, and how often each ran. ``gate`` holds them up while cleared."""

    ran: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False
    finds: Json = "nine"
    given: list[Mapping[str, Json]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate.set()

    async def run(self, name: str, arguments: Mapping[str, Json]) -> Json:
        self.ran.append(name)
        self.given.append(arguments)
        await self.gate.wait()
        if self.fails:
            raise ActionError(name, "away")
        return self.finds


@dataclass
class Witness:
    """Who is told of stages."""

    events: list[TextReached] = field(default_factory=list)

    def reached(self, event: TextReached) -> None:
        self.events.append(event)

    @property
    def stages(self) -> list[str]:
        return [event.stage.value for event in self.events]


@dataclass
class House:
    """A server's part for text, which can be started anew on the same records."""

    url: str
    folder: Path
    policy: ChatPolicy = field(default_factory=ChatPolicy)
    flow: str = SHOP
    version: str = "one"
    now: float = 1_000.0
    acts: Acts = field(default_factory=Acts)
    witness: Witness = field(default_factory=Witness)
    sent: list[str] = field(default_factory=list)
    facts: list[CallEvent] = field(default_factory=list)
    queueing: Queueing | None = None
    clock: TurnedClock | None = None
    """Instead of one that stands at ``now``."""
    _held: tuple[object, ChatApplication, ListenGrammars] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Chats]:
        engine = open_database(self.url)
        chats = Chats(
            SqlChatStore(engine), self._hold, self._address,
            lambda: Fresh("main", Language("en-US")), self.policy,
            self.clock or (lambda: self.now),
            on_the_loop if self.clock is None else self.clock.call_later,
        )  # fmt: skip
        chats.watch(self.witness)
        await chats.start()
        try:
            yield chats
        finally:
            await chats.stop()
            await engine.dispose()
            self._let_go()

    def interpreter(self, flow: str = "main") -> Interpreter:
        return _interpreter(self.flow, flow)

    def _address(self, secret: str) -> str:
        self.sent.append(secret)
        return f"https://shop.example/t/{secret}"

    @contextmanager
    def _hold(self) -> Iterator[ChatApplication]:
        version = (self.version, self.flow, self.queueing)
        if self._held is None or self._held[0] != version:
            self._let_go()
            grammars = ListenGrammars(GrammarStore(self.folder))
            application = ChatApplication(
                self.version,
                self.interpreter,
                TypedInput(grammars),
                QuickReplies(grammars),
                self.acts.run,
                self.facts.append,
                self.queueing,
            )
            self._held = version, application, grammars
        yield self._held[1]

    def _let_go(self) -> None:
        if self._held is not None:
            self._held[2].close()
            self._held = None


@lru_cache(8)
def _interpreter(text: str, flow: str) -> Interpreter:
    problems: list[FlowError] = []
    read = read_flow(parse_document(dedent(text), "main.yaml"), "main", "main.yaml", problems)
    assert read is not None, problems
    return Interpreter(FlowSet({"main": read}), flow)


def house(tmp_path: Path) -> House:
    folder = tmp_path / "grammars"
    folder.mkdir()
    for name, text in GRAMMARS.items():
        (folder / f"{name}.gram").write_text(_HEAD + text + "\n")
    url = f"sqlite:///{tmp_path / 'chats.db'}"
    engine = create_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    return House(url, folder)


_ids = iter(range(1_000_000))


def message(text: str, client_id: str = "", fact: str = "") -> Message:
    return Message(client_id or f"m{next(_ids)}", text, fact=fact)


async def told(chats: Chats, conversation: ConversationId) -> list[str]:
    """All lines, those of the caller after a '>'."""
    view = await chats.view(conversation, 0)
    return [f"> {line.text}" if line.who == "caller" else line.text for line in view.lines]
