"""What people read back of calls, hear again and have forgotten, joined with storage and HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.analytics.measures import Costs
from voicebot.analytics.totals import Rules
from voicebot.application import Application
from voicebot.config import Settings
from voicebot.forgetting import PersonForgetting, note_forgotten
from voicebot.front_desk import FrontDesk
from voicebot.nlu.meanings import Meanings
from voicebot.replaying import Replays
from voicebot.sessions.chat_so_far import WrittenSoFar
from voicebot.storage.action_runs import SqlActionRuns
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.contacts import SqlContacts
from voicebot.storage.conversations import SqlChatStore
from voicebot.storage.deflections import SqlDeflections
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.misheard import SqlMisheard
from voicebot.storage.notes import SqlNotes
from voicebot.storage.search import SqlTranscripts
from voicebot.web.api.action_runs import action_runs_router
from voicebot.web.api.forget import forget_router
from voicebot.web.api.history import history_router
from voicebot.web.api.offers import offers_router
from voicebot.web.api.one_call import CallShelves, one_call_router
from voicebot.web.api.recordings import recordings_router
from voicebot.web.api.replay import replay_router
from voicebot.web.api.search import search_router
from voicebot.web.api.workbench import workbench_router
from voicebot.web.staff_pages import review_pages_router
from voicebot.workbench import Workbench


class Reviewing:
    """The records of a server, for the people who work with it.

    ``recording`` gives the file of a recording by its name, None where it is gone;
    ``application`` is the version that new calls get.
    """

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        rules: Rules,
        ledger: SqlLedger,
        recording: Callable[[str], Path | None],
        front_desk: FrontDesk,
        application: Callable[[], Application],
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._ledger = ledger
        self._recording = recording
        self._front_desk = front_desk
        self._application = application
        self.archive = SqlCallArchive(engine, rules)
        self._contacts = SqlContacts(engine, rules)
        self._meanings = Meanings()
        self._replays = Replays(settings)
        self._bench: Workbench | None = None

    @property
    def routers(self) -> Sequence[APIRouter]:
        """What of it goes over HTTP."""
        engine, audit = self._engine, self._front_desk.audit
        shelves = CallShelves(
            self.archive,
            self._contacts,
            SqlDeflections(engine),
            SqlNotes(engine),
            self._recording,
            WrittenSoFar(SqlChatStore(engine)).of,
        )
        costs = Costs(**self._settings.costs.model_dump())
        return (
            history_router(self._ledger, self._contacts, costs, audit),
            offers_router(SqlDeflections(engine)),
            action_runs_router(SqlActionRuns(engine), lambda: self._application().action_kinds),
            workbench_router(SqlMisheard(engine), self.archive, self._workbench),
            one_call_router(shelves),
            replay_router(self._replays.replay),
            search_router(SqlTranscripts(engine)),
            review_pages_router(),
            recordings_router(self.archive, self._recording, self._front_desk.playbacks),
            forget_router(PersonForgetting(self._settings, engine), partial(note_forgotten, audit)),
        )

    def _workbench(self) -> Workbench:
        """That of the version that new calls get; it remembers the ways of its flows."""
        flows = self._application().flows
        if self._bench is None or self._bench.flows is not flows:
            self._bench = Workbench(self._settings.server.application, flows, self._meanings)
        return self._bench
