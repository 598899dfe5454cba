"""The pages on past calls over a small record of calls, written as real ones are."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from tests.staff.memory import Office
from tests.web.shelf import STARTED
from voicebot.action_result import ActionResult
from voicebot.analytics.measures import Costs
from voicebot.analytics.totals import DAY_S, Rules
from voicebot.desk.notes import Note
from voicebot.events import (
    ActionRan,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallRecorded,
    CallStarted,
    DeflectionReached,
    DeflectionStage,
    MatterNoted,
    QueueNoted,
    TurnFinished,
    TurnResult,
)
from voicebot.flows.reader import load_flows
from voicebot.nlu.embeddings import SENTENCE, Vectors
from voicebot.nlu.meanings import Meanings
from voicebot.sessions.chat_so_far import WrittenSoFar
from voicebot.sessions.feed import EventFeed
from voicebot.storage.action_runs import SqlActionRuns
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.contacts import SqlContacts
from voicebot.storage.conversations import SqlChatStore
from voicebot.storage.database import open_database
from voicebot.storage.deflections import SqlDeflections
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.storage.misheard import SqlMisheard
from voicebot.storage.notes import SqlNotes
from voicebot.storage.search import SqlTranscripts
from voicebot.types import CallId, Heard, Language, Matter, Mode, Outcome
from voicebot.web.api.action_runs import action_runs_router
from voicebot.web.api.history import history_router
from voicebot.web.api.offers import offers_router
from voicebot.web.api.one_call import CallShelves, one_call_router
from voicebot.web.api.recordings import recordings_router
from voicebot.web.api.replay import replay_router
from voicebot.web.api.search import search_router
from voicebot.web.api.session import account_router, session_router
from voicebot.web.api.sign_in import Attempts, SignInSide, sign_in_router
from voicebot.web.api.workbench import workbench_router
from voicebot.web.application import create_app
from voicebot.web.playbacks import Playbacks
from voicebot.web.server import HttpServer
from voicebot.web.staff_pages import review_pages_router, staff_pages_router
from voicebot.workbench import Workbench

NOW = STARTED + 6 * 3600
RECORDED = CallId("recorded")
WRITTEN = CallId("written")
_FLOW = """\
language: en-US
start: start
steps:
  start:
    ask: What can I do for you?
    grammar: menu
    next: {order: order, else: bye}
  order:
    ask: What is your order number?
    grammar: order_number
    next: bye
  bye:
    say: Goodbye.
    hangup: auto
    reason: the call came to its end
"""


@dataclass
class ReviewSite:
    office: Office
    url: str
    texts: SqlChatStore


def _alike(language: Language, texts: Sequence[str]) -> Vectors:
    """Texts that begin with the same word mean the same."""
    vectors = np.zeros((len(texts), SENTENCE), np.float32)
    words = sorted({text.split()[0].casefold() for text in texts})
    for row, text in enumerate(texts):
        vectors[row, words.index(text.split()[0].casefold())] = 1.0
    return vectors


def _calls(number: int) -> Iterator[CallEvent]:
    dice = random.Random(5)
    for place in range(number):
        call = CallId(f"c{place}")
        at = NOW - 9 * DAY_S * dice.random()
        served = dice.random() < 0.6
        door = dice.choice(["sip", "sip", "webrtc"])
        yield CallStarted(
            call,
            at,
            door,  # type: ignore[arg-type]
            f"+1555{dice.randrange(40):07}",
            "shop",
            "main",
            Language(dice.choice(["en-US", "en-US", "zh-CN"])),
        )
        yield CallAnswered(call, at + 1)
        want = Heard("where is my parcel", "order", 0.93, Mode.SPEECH, "menu")
        words = dice.choice(["voucher please", "refund me", "refund now"])
        odd = Heard(words, None, 0.3, Mode.SPEECH)
        ask = "What can I do for you?"
        result = TurnResult.MATCH if served else TurnResult.NOMATCH
        times = (at + 1.5, at + 4, at + 6)
        yield TurnFinished(
            *(call, at + 7, 1, "start", ask, result, want if served else odd, None, served), *times
        )
        if not served:
            lost = dice.random() < 0.5
            outcome = Outcome.ABANDONED_IN_FLOW if lost else Outcome.TRANSFERRED
            if not lost:
                agent = dice.choice(["anna", "bob"])
                yield QueueNoted(call, at + 50, "support", 15.0, agent, 30.0, 8.0)
            yield CallEnded(call, at + 60, outcome, "caller hung up")
            continue
        number_ = Heard("four two seven one", "4271", 0.88, Mode.SPEECH, "order_number")
        ended = dice.choices(list(ActionResult), [90, 2, 3, 3, 1, 1])[0]
        took = 0.1 if ended is ActionResult.NOT_TRIED else dice.lognormvariate(5.5, 0.8)
        yield ActionRan(call, at + 13, "order", "find_order", ended, took)
        asked, latency = "What is your order number?", dice.uniform(300, 900)
        yield TurnFinished(
            *(call, at + 14, 2, "order", asked, TurnResult.MATCH, number_, latency, False),
            *(at + 8, at + 11, at + 13),
        )
        yield MatterNoted(call, at + 15, Matter("order", {"number": "4271"}, False), "17")
        bye, said = "Goodbye.", TurnResult.SAID
        yield TurnFinished(call, at + 16, 3, "bye", bye, said, None, 410.0, False, at + 15)
        yield CallEnded(call, at + 17, Outcome.SELF_SERVED, "the call came to its end")


def _recorded() -> Iterator[CallEvent]:
    at = NOW - 3600.0
    yield CallStarted(RECORDED, at, "sip", "+15550100", "shop", "main", Language("en-US"))
    yield CallAnswered(RECORDED, at + 1)
    yield CallRecorded(RECORDED, at + 1, "recorded.wav")
    heard = Heard("<b>I want to talk to a person</b>", None, 0.7, Mode.SPEECH, "menu")
    ask = "What can I do for you?"
    yield TurnFinished(
        *(RECORDED, at + 9, 1, "start", ask, TurnResult.MATCH, heard, None, True),
        *(at + 2, at + 5, at + 8),
    )
    keyed = Heard("4271", "4271", 1.0, Mode.DTMF, "order_number")
    number = "What is your order number? You can also use the keys of your telephone."
    yield TurnFinished(
        RECORDED, at + 18, 2, "order", number, TurnResult.MATCH, keyed, 640.0, False, at + 10
    )
    yield DeflectionReached(RECORDED, at + 19, DeflectionStage.OFFERED, "order")
    yield DeflectionReached(RECORDED, at + 20, DeflectionStage.DECLINED, "order")
    yield MatterNoted(RECORDED, at + 20, Matter("order", {"number": "4271"}, True), "17")
    yield QueueNoted(RECORDED, at + 30, "support", 12.0, "anna", 28.0, 9.0)
    yield CallEnded(RECORDED, at + 61, Outcome.TRANSFERRED, "caller hung up")


def _written() -> Iterator[CallEvent]:
    """A conversation on a page of ours, with words that nobody understood."""
    at = NOW - 7200.0
    yield CallStarted(WRITTEN, at, "chat", "", "", "main", Language("en-US"))
    yield CallAnswered(WRITTEN, at)
    lost = Heard("voucher does not work", None, 0.0, Mode.TEXT)
    want = Heard("where is my parcel", "order", 0.93, Mode.TEXT, "menu")
    asked = ("What can I do for you?", "Sorry? What can I do for you?")
    for number, (prompt, heard) in enumerate(zip(asked, (lost, want), strict=True), 1):
        result = TurnResult.NOMATCH if heard is lost else TurnResult.MATCH
        yield TurnFinished(
            *(WRITTEN, at + 9 * number, 2 * number, "start", prompt, result, heard, None, False),
            *(at + 9 * number - 8, None, None, "web"),
        )
    yield CallEnded(WRITTEN, at + 60, Outcome.ABANDONED_IN_FLOW, "nobody wrote any more")


async def _replay(calls: Sequence[CallId]) -> dict[str, Any]:
    """The first of ``calls`` is understood today."""
    lost = {"step": "start", "result": "nomatch", "meaning": None, "next": "start"}
    found = {"step": "start", "result": "match", "meaning": {"want": "order"}, "next": "order"}
    before = {"outcome": "abandoned_in_flow", "stopped": None, "turns": [lost, lost]}
    after = {"outcome": "self_served", "stopped": None, "turns": [found]}
    told = [
        {
            "id": call,
            "changed": not place,
            "first_difference": None if place else 0,
            "before": before,
            "after": before if place else after,
        }
        for place, call in enumerate(calls)
    ]
    return {"rerouted": 1, "stopped": 0, "calls": told}


def _sound(path: Path) -> None:
    """Sixty seconds: the bot, the caller over it, keys, then two people in turns."""
    rate = 8000
    sound = np.random.default_rng(1).normal(0, 0.0005, (60 * rate, 2)).astype(np.float32)
    time = np.arange(60 * rate) / rate
    voice = (0.4 * np.sin(2 * np.pi * 220 * time) * (0.4 + 0.6 * np.abs(np.sin(4 * time)))).astype(
        np.float32
    )
    for side, begin, end in (
        *((1, 1, 5), (0, 4, 7), (1, 9, 14), (0, 33, 38), (1, 38, 45)),
        *((0, 44, 50), (1, 52, 57)),
    ):
        place = slice(begin * rate, end * rate)
        sound[place, side] += voice[place]
    soundfile.write(path, sound, rate, subtype="PCM_16")


@asynccontextmanager
async def review_site(folder: Path, calls: int = 60) -> AsyncIterator[ReviewSite]:
    for name, text in {
        "flows/main.yaml": _FLOW,
        "grammars/menu.gram": "#ABNF 1.0;\n",
        "grammars/order_number.gram": "#ABNF 1.0;\n",
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    _sound(folder / "recorded.wav")
    url = f"sqlite:///{folder / 'calls.db'}"
    await upgrade(url)
    engine = open_database(url)
    journal = SqlJournal(engine)
    await journal.start()
    for event in (*_calls(calls), *_recorded(), *_written()):
        journal.append(event)
    await journal.stop()
    office = Office()
    side = SignInSide(office.desk, Attempts.per_minute(100), office.clock)
    archive, contacts = SqlCallArchive(engine), SqlContacts(engine, Rules())
    bench = Workbench(folder, load_flows(folder / "flows"), Meanings(_alike))
    notes, texts = SqlNotes(engine), SqlChatStore(engine)
    await notes.keep(Note(RECORDED, "anna", "support", NOW - 60, "return label", "Sent it again."))
    shelves = CallShelves(
        archive,
        contacts,
        SqlDeflections(engine),
        notes,
        lambda name: folder / name,
        WrittenSoFar(texts).of,
    )
    costs = Costs("USD", 6.0, 0.25)
    app = create_app(
        archive=archive,
        feed=EventFeed(),
        readiness=dict,
        metric_sources=[],
        version="1",
        staff=side,
        routers=[
            sign_in_router(side),
            session_router(side),
            account_router(side, office.register),
            staff_pages_router(),
            review_pages_router(),
            history_router(SqlLedger(engine, Rules()), contacts, costs, office.log, lambda: NOW),
            action_runs_router(SqlActionRuns(engine), lambda: {"find_order": "sql"}, lambda: NOW),
            offers_router(SqlDeflections(engine), lambda: NOW),
            workbench_router(SqlMisheard(engine), archive, lambda: bench, lambda: NOW),
            one_call_router(shelves, lambda: NOW),
            replay_router(_replay),
            search_router(SqlTranscripts(engine)),
            recordings_router(
                archive, lambda name: folder / name, Playbacks(office.log, office.clock)
            ),
        ],
    )
    server = HttpServer(app, "127.0.0.1", 0, linger_s=1)
    await server.start()
    try:
        yield ReviewSite(office, server.url, texts)
    finally:
        await server.stop()
        await engine.dispose()
