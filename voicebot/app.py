"""The one place where objects are built and joined, started and stopped.

Start: databases, journal, models and rendered prompts first, then the doors, so that nobody is
answered by half a server. Stop: new calls are refused, running ones may finish for a set time, the
rest are told and hung up; then the doors close, and the records are the last to go.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from functools import partial

import structlog
from fastapi import FastAPI

import voicebot
from voicebot.acd.model import Channel
from voicebot.actions.seed import seed_samples
from voicebot.admissions import Admissions
from voicebot.alarms import Alarms, AlarmSources
from voicebot.analytics.totals import Rules
from voicebot.application import Application, load_application
from voicebot.bridging import Recording, handoff_services, transfer_modes
from voicebot.chatting import Chatting
from voicebot.chores import Chores
from voicebot.config import Settings
from voicebot.desk.supervision import Supervision
from voicebot.desking import Desking
from voicebot.doors import Doors
from voicebot.engines import SpeechEngines
from voicebot.event_hooks import EventHooks
from voicebot.events import CallEvent, QueueNoted
from voicebot.figures.actions import action_figures
from voicebot.figures.bridge import bridge_figures, recording_figures
from voicebot.figures.callers import caller_figures
from voicebot.figures.queues import queue_figures
from voicebot.figures.reload import reload_figures
from voicebot.figures.server import ServerFigures
from voicebot.figures.text import text_figures
from voicebot.front_desk import FrontDesk
from voicebot.human_queues import HumanQueues
from voicebot.live.edition import Edition, Editions, Press, render
from voicebot.live.reload import Reloader
from voicebot.media.clock import LoopLag
from voicebot.privacy import RecordKeeping
from voicebot.readiness import Readiness
from voicebot.reviewing import Reviewing
from voicebot.said_ahead import announcement
from voicebot.sessions.callbacks import CallbackCalls
from voicebot.sessions.callers import Callers
from voicebot.sessions.feed import EventFeed, LiveEvent
from voicebot.sessions.outbound import OutboundCalls, OutboundServices
from voicebot.sessions.registry import CallRegistry
from voicebot.sessions.talk import Talk
from voicebot.sessions.voice_services import VoiceServices
from voicebot.storage.database import SERVER_PATIENCE_S, close_database, open_database
from voicebot.storage.history import SqlHistories
from voicebot.storage.journal import SqlJournal
from voicebot.storage.ledger import SqlLedger
from voicebot.storage.migrations import upgrade
from voicebot.storage.queue_records import SqlQueueRecords
from voicebot.telephony._api import Reception
from voicebot.telephony.connections import Connections
from voicebot.texts import Texts
from voicebot.turns.answered_by import ScreeningPolicy
from voicebot.turns.signals import TurnPolicy
from voicebot.voice_calls import VoiceCalls
from voicebot.wallboard import Sources, Wallboard
from voicebot.web.api.alerts import alerts_router
from voicebot.web.api.dial import DialDesk, dial_router
from voicebot.web.api.listen import listen_router
from voicebot.web.api.queues import queues_router
from voicebot.web.application import create_app
from voicebot.web.server import HttpServer
from voicebot.web.tally import CallTally

log = structlog.get_logger(__name__)

POLITE_END_S = 10.0
"""How long the last calls have to hear the farewell."""


class Server:
    """A whole voicebot in one process, with its worker processes.

    ``await start()``, then calls are served; ``await stop()`` ends in good order.
    """

    def __init__(self, settings: Settings) -> None:
        """Build everything; nothing is opened yet. Raises VoicebotError for what is wrong."""
        self.settings = settings
        application = load_application(settings)
        self.engines = SpeechEngines(settings, application.languages)
        self._recording = Recording(settings)
        self._press = Press(settings, self.engines)
        self.editions = Editions(self._press.make(application), self._changed_edition)
        self._reloader = self._new_reloader()
        self.registry = CallRegistry(settings.calls.max_calls, has_room=self.engines.has_room)
        self.feed = EventFeed()
        self.lag = LoopLag()
        self.tally = CallTally()
        self._engine = open_database(settings.database_url, patience_s=SERVER_PATIENCE_S)
        self.event_hooks = EventHooks(settings, self._engine)
        self._journal = SqlJournal(self._engine, telling=self.event_hooks.teller)
        self._rules = Rules(**settings.ledger.model_dump())
        self._ledger = SqlLedger(self._engine, self._rules)
        self.front_desk = FrontDesk(settings, self._engine)
        self._callers = self._new_callers()
        self._texts = Texts(settings, self._engine)
        self._doors = Doors(settings, self._reception())
        self.chatting = Chatting(
            settings,
            self._engine,
            self.editions,
            self._callers,
            self._journal.append,
            url=lambda: self.http_url,
            order=lambda order: self.outbound.order(order),
            queueing=lambda file: self.queues.for_calls(file),
            world=lambda: self.queues.facts(Channel.TEXT),
        )
        self.desking = Desking(settings, self._engine, self.engines, self.editions, self._doors)
        self.supervision = Supervision(
            self._doors.webrtc if settings.webrtc.enabled else None,
            lambda: self.queues.service,
            self.registry.open_calls,
        )
        self._services = self._voice_services()
        records = SqlQueueRecords(self._engine)
        self.queues = HumanQueues(
            settings,
            application.queues,
            self._doors.dialer,
            self._callback_calls(),
            records,
            self,
            self._ledger.note_agent_times,
            self.feed.publish,
            self.desking.desks,
        )
        self.queues.moves = self.chatting.take_places(self.queues.service, records)
        self._calls = VoiceCalls(
            settings,
            self._services,
            self.engines,
            self.editions,
            self._callers,
            self.chatting,
            self.queues,
        )
        self.outbound = self._outbound_calls()
        self.alarms = self._new_alarms(application)
        self.wallboard = self._new_wallboard()
        self._reviewing = Reviewing(
            settings,
            self._engine,
            self._rules,
            self._ledger,
            self._recording.recorder.playable,
            self.front_desk,
            lambda: self.application,
        )
        self.web_app = self._web_app()
        self._http = self._http_server()
        self._chores = Chores()
        self._hurried = asyncio.Event()

    # Start and stop

    async def start(self) -> None:
        """Open everything. Raises VoicebotError for what cannot be opened; nothing is left open."""
        try:
            await self._open()
        except BaseException:
            await self.stop()
            raise

    async def _open(self) -> None:
        self._chores.begin(self.lag.run(), "loop lag")
        async with asyncio.TaskGroup() as group:
            group.create_task(self.engines.start())
            group.create_task(self._open_records())
            group.create_task(asyncio.to_thread(self.application.compile_grammars))
            group.create_task(asyncio.to_thread(self.application.learn_intents))
            group.create_task(self.application.actions.start())
        missing = await self._press.warm(self.editions.current)
        self._chores.begin(render(missing), "prompts")
        if self.settings.reload.poll_s:
            watching = self._reloader.watch(self.settings.reload.poll_s)
            self._chores.begin(watching, "reload")
        music = asyncio.to_thread(self._services.handoffs.load_music)
        self._chores.begin(music, "music on hold")
        self._recording.start()
        await self.queues.start()
        await self.chatting.serve_people(self.desking.desks.texting, self._texts.send_line)
        self.desking.desks.written = self.chatting.chats.line.pages.lines_of
        self._chores.begin(self._recording.keep_tidy(), "recordings")
        await self.alarms.start()
        self.wallboard.start()
        await self._http.start()
        await self._doors.open()
        log.info(
            "ready",
            http=self._http.url,
            sip_port=self.sip_port,
            version=self.application.version,
        )

    async def _open_records(self) -> None:
        await upgrade(self.settings.database_url)
        await self._journal.start()
        self.event_hooks.start()
        await self.chatting.start()
        await self._texts.dispatch.start()
        await self._ledger.start()
        self._chores.begin(self._ledger.keep_folded(time.time), "ledger")
        tidying = RecordKeeping(self.settings, self._engine).keep_tidy()
        self._chores.begin(tidying, "retention")
        self.front_desk.open()
        await self._seed()

    async def _seed(self) -> None:
        settings = self.settings
        await seed_samples(settings.server.application, settings.server.data, settings.databases)

    async def stop(self) -> None:
        """Refuse new calls, let running ones finish for the set time, then end everything."""
        self.registry.draining = True
        self._doors.drain()
        self.outbound.drain()
        await self._drain(self.settings.server.drain_s)
        for call in self.registry.running():
            call.end_politely()
        await self._drain(POLITE_END_S)
        await self.outbound.stop()
        await self.queues.stop()
        await self._doors.close()
        self.feed.close()
        await self.wallboard.stop()
        await self.alarms.stop()
        await self.chatting.stop()
        await self.desking.desks.stop()
        await self._http.stop()
        self.front_desk.close()
        await self._recording.stop()
        await self._texts.dispatch.stop()
        await self._journal.stop()
        await self.event_hooks.stop()
        await self._chores.stop()
        await self._reloader.aclose()
        await self.editions.aclose()
        await close_database(self._engine)
        await self.engines.stop()
        log.info("stopped")

    async def _drain(self, seconds: float) -> None:
        if self.registry.active:
            log.info("draining", calls=self.registry.active, seconds=seconds)
        empty = asyncio.create_task(self.registry.empty())
        hurried = asyncio.create_task(self._hurried.wait())
        await asyncio.wait({empty, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in (empty, hurried):
            task.cancel()

    def hurry(self) -> None:
        """Let a `stop` under way wait for no call any more."""
        self._hurried.set()

    @property
    def application(self) -> Application:
        """The version that new calls get."""
        return self.editions.current.application

    @property
    def http_url(self) -> str:
        return self._http.url

    @property
    def sip_port(self) -> int:
        return self._doors.sip.port

    # Calls

    def _publish(self, event: LiveEvent) -> None:
        self.feed.publish(event)
        self._doors.tell_caller(event)
        self.chatting.publish(event)

    def append(self, event: CallEvent) -> None:
        """Take a fact of a call: it is counted and written down (`Journal`)."""
        self.tally.observe(event)
        self.wallboard.observe(event)
        if not (isinstance(event, QueueNoted) and self.chatting.tells_later(event.call_id)):
            self._journal.append(event)

    # Assembly

    def _new_reloader(self) -> Reloader:
        settings = self.settings
        return Reloader(
            settings.server.application,
            self.editions,
            self._press,
            lambda before: load_application(settings, before),
            self._seed,
            settings.reload.render_ahead_s,
        )

    def _changed_edition(self, edition: Edition) -> None:
        self.queues.change(edition.application.queues)
        self.alarms.change(edition.application.alerts.rules)

    def _reception(self) -> Reception:
        admissions = Admissions(
            self.settings.calls, self.registry, self.editions, self, self.feed.publish
        )
        return Reception(admissions.admit, lambda leg: self._calls.take(leg), admissions.refused)

    def _new_callers(self) -> Callers:
        callers = self.settings.callers
        histories = SqlHistories(self._engine) if callers.history else None
        return Callers(histories, callers.days, callers.most, callers.time_limit_s)

    def _voice_services(self) -> VoiceServices:
        turns = self.settings.turns
        language = self.application.language
        return VoiceServices(
            recognize=partial(self.engines.recognize, language=language, call=None),
            renderer=self.editions.current.renderers[language],
            grammars=self.application.listen_grammars,
            act=self.application.act,
            transfer_targets=self.settings.transfers,
            journal=self,
            publish=self._publish,
            registry=self.registry,
            turns=TurnPolicy(**turns.model_dump()),
            handoffs=handoff_services(self.settings, self._doors.dialer, self._talking),
            transfer_modes=transfer_modes(self.settings),
            recordings=self._recording.rule,
            announcement=announcement(self.settings),
            offers=self._texts.offers(
                self.chatting.desk, self._doors.show_link, self._doors.ask_on_page
            ),
        )

    def _talking(self, talk: Talk) -> None:
        self.desking.desks.talking(talk)
        self.supervision.talking(talk)

    def _callback_calls(self) -> CallbackCalls | None:
        handoffs = self._services.handoffs
        if handoffs.dialer is None:
            return None
        return CallbackCalls(
            handoffs,
            self,
            self.registry,
            self.feed.publish,
            self.settings.calls.flow,
            lambda reached: self._calls.call_back(reached),
        )

    def _new_alarms(self, application: Application) -> Alarms:
        sources = AlarmSources(
            self.registry,
            self.queues.service,
            self.engines.counters,
            self._ledger,
            self.front_desk.audit,
        )
        return Alarms(self.settings, self._engine, sources, application.alerts.rules)

    def _new_wallboard(self) -> Wallboard:
        sources = Sources(
            self.registry,
            self.queues.service,
            self.queues.profiles,
            self._ledger,
            in_text=lambda: self.chatting.chats.going_on,
            alerts=self.alarms.views,
            joined=self.supervision.with_people,
            talking=self.supervision.with_agents,
        )
        return Wallboard(self.settings, self._engine, sources)

    def _outbound_calls(self) -> OutboundCalls:
        outbound = self.settings.outbound
        policy = ScreeningPolicy(outbound.screening_s, beep_timeout_s=outbound.beep_timeout_s)
        return OutboundCalls(
            OutboundServices(
                dialer=self._doors.sip,
                registry=self.registry,
                journal=self,
                publish=self._publish,
                converse=self._calls.converse,
                screening=policy if outbound.screening_s else None,
                max_calls=outbound.max_calls,
                hold=self._calls.hold_version,
                over=self.chatting.call_me.over,
            )
        )

    def _dial_desk(self) -> DialDesk:
        return DialDesk(
            order=self.outbound.order,
            report=self.outbound.report,
            flows=lambda: self.application.flows.flows,
            flow=self.settings.calls.flow,
            language=lambda flow: self.application.flows[flow].language,
            timeout_s=self.settings.outbound.answer_timeout_s,
        )

    def _web_app(self) -> FastAPI:
        figures = ServerFigures(
            lag=self.lag.snapshot,
            pools=self.engines.counters,
            journal=lambda: self._journal.stats,
            lines=lambda: (self.registry.active, self.registry.max_calls),
        )
        recorder, bridges = self._recording.recorder, self._services.handoffs.counters
        return create_app(
            archive=self._reviewing.archive,
            feed=self.feed,
            readiness=self._readiness().checks,
            metric_sources=[
                self.tally.figures,
                figures,
                self._doors.figures,
                self._texts.figures,
                self.event_hooks.figures,
                lambda: bridge_figures(bridges),
                lambda: recording_figures(recorder.counters),
                lambda: caller_figures(self._callers.counts),
                lambda: action_figures(self.application.actions.tally),
                lambda: text_figures(self.chatting.chats),
                lambda: queue_figures(self.queues.service),
                lambda: self.alarms.figures(self.wallboard.board.watchers),
                lambda: reload_figures(self.application.version, self._reloader.counters),
            ],
            routers=[
                *self._doors.routers,
                *self.chatting.routers(self._doors.webrtc),
                *self._texts.routers(self.chatting.desk),
                *self.front_desk.routers,
                *self._reviewing.routers,
                dial_router(self._dial_desk()),
                queues_router(self.queues.desk()),
                *self.wallboard.routers,
                alerts_router(self.alarms),
                listen_router(self.supervision, self.front_desk.audit, time.time),
                *self.desking.routers(self.queues.lines),
            ],
            version=voicebot.__version__,
            staff=self.front_desk.side,
        )

    def _http_server(self) -> HttpServer:
        gate = self._doors.guard.door("http")
        return HttpServer(
            self.web_app,
            self.settings.server.host,
            self.settings.server.port,
            gate=gate,
            connections=Connections[Hashable](gate, quiet_s=0),
        )

    def _readiness(self) -> Readiness:
        return Readiness(
            self.engines,
            self._doors,
            self.editions,
            self._reloader,
            self._journal,
            self.registry,
        )
