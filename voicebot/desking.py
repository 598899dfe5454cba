"""The desks of agents, built from the settings and joined to the rest of the server."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.config import Settings
from voicebot.config.desk import Captions as Sides
from voicebot.desk.captions import Captions
from voicebot.desk.desks import Desks
from voicebot.desk.line import DeskLines
from voicebot.desk.services import DeskServices, Suggestion
from voicebot.doors import Doors
from voicebot.engines import SpeechEngines
from voicebot.errors import ModelError
from voicebot.live.edition import Editions
from voicebot.sessions.answering import articles_for
from voicebot.sessions.ears import Recognize
from voicebot.storage.archive import SqlCallArchive
from voicebot.storage.history import SqlHistories
from voicebot.storage.notes import SqlNotes
from voicebot.turns.signals import TurnPolicy
from voicebot.types import CallId, Language
from voicebot.web.api.desk import desk_router
from voicebot.web.staff_pages import desk_page_router

log = structlog.get_logger(__name__)

_SIDES: Final = {Sides.BOTH: ("caller", "agent"), Sides.CALLER: ("caller",), Sides.OFF: ()}


class Desking:
    """The desks of a server."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        engines: SpeechEngines,
        editions: Editions,
        doors: Doors,
    ) -> None:
        self._settings = settings
        self._engines = engines
        self._editions = editions
        self.desks = Desks(
            DeskServices(
                calls=doors.webrtc if settings.webrtc.enabled else None,
                archive=SqlCallArchive(engine),
                histories=SqlHistories(engine) if settings.callers.history else None,
                notes=SqlNotes(engine),
                suggest=self._suggest,
                listen=self._captions(),
                targets={
                    name: uri
                    for name, uri in settings.transfers.items()
                    if uri.startswith(("sip:", "sips:"))
                },
                address_of=partial(str.replace, settings.desk.number_address, "{number}"),
                dialer=lambda: doors.dialer,
                ring_s=settings.bridge.ring_s,
                pauses=settings.desk.pauses,
            )
        )

    def routers(self, lines: DeskLines) -> Sequence[APIRouter]:
        """What desks need of the HTTP side; ``lines`` ring colleagues."""
        return desk_router(self.desks, lines), desk_page_router()

    def _captions(self) -> Captions | None:
        sides = _SIDES[self._settings.desk.captions]
        if not sides:
            return None
        return Captions(
            self._tongue,
            lambda: self._editions.current.application.listen_grammars.named(()),
            self._engines.has_room,
            sides,
            TurnPolicy(**self._settings.turns.model_dump()),
        )

    def _tongue(self, language: Language, side: tuple[CallId, str]) -> Recognize | None:
        if language not in self._editions.current.renderers or language in self._engines.unheard:
            return None
        self._engines.wake(language)
        return partial(self._engines.recognize, language=language, call=side)

    async def _suggest(self, language: Language, question: str) -> Sequence[Suggestion]:
        library = self._editions.current.application.knowledge
        try:
            found = await articles_for(library, question, language)
        except (ModelError, TimeoutError) as error:
            log.warning("nothing_suggested", problem=str(error))
            return ()
        return [
            Suggestion(each.article.questions[0].text, each.article.answer, each.confidence)
            for each in found
        ]
