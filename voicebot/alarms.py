"""Alerts of a server: its figures are read and judged, and what is wrong is told.

One task looks every few seconds. It asks the rooms for what they know, and once a minute the
ledger; the rest is `voicebot.alerts`, which has no clock, and `voicebot.letters`, which sends. What
the database refuses is kept in memory and tried again, so that an alert about that very database
gets out as soon as it can.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from voicebot.actions.http import new_client
from voicebot.alerts.herald import Herald, Notice, Pace, muted_until
from voicebot.alerts.hours import compared, read_hour, read_usual
from voicebot.alerts.model import Alert, AlertKey, AlertView, Mute, Reading, Readings, Rule, Usual
from voicebot.alerts.readings import of_queue
from voicebot.alerts.state import AlertState
from voicebot.alerts.watch import AlertWatch
from voicebot.analytics.history import Ledger
from voicebot.config import Settings
from voicebot.config.alerts import AlertSettings
from voicebot.errors import StorageError, UsageError
from voicebot.figures.alerts import alert_figures
from voicebot.letters.courier import Courier
from voicebot.letters.letter import Channel, Letter, Sender, body_of
from voicebot.letters.mail import MailSender, MailServer
from voicebot.letters.webhook import WebhookSender
from voicebot.sending.signed_post import SignedPost
from voicebot.sessions.queueing import QueueService
from voicebot.sessions.registry import CallRegistry
from voicebot.speech.workers import PoolCounters
from voicebot.staff.model import Actor, AuditEntry, AuditLog, Deed
from voicebot.storage.alerts import SqlAlertBook
from voicebot.storage.deflections import SqlDeflections
from voicebot.web.metrics import Figure

log = structlog.get_logger(__name__)

HOUR_EVERY_S: Final = 60.0
USUAL_EVERY_S: Final = 600.0
MOST_MUTES: Final = 100


@dataclass(frozen=True, slots=True)
class AlarmSources:
    """Where the figures come from, and the log that mutes are noted in."""

    registry: CallRegistry
    queues: QueueService
    pools: Mapping[str, Callable[[], PoolCounters]]
    ledger: Ledger
    audit: AuditLog


class Alarms:
    """``rules`` are those of the application. ``clock`` gives UTC epoch seconds; ``engine`` stays
    its giver's."""

    def __init__(
        self,
        settings: Settings,
        engine: AsyncEngine,
        sources: AlarmSources,
        rules: Sequence[Rule],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings.alerts
        self._zone = ZoneInfo(settings.wall.zone)
        self._sources = sources
        self._rules = tuple(rules)
        self._clock = clock
        self._deflections = SqlDeflections(engine)
        self._book = SqlAlertBook(engine)
        self._client = new_client()
        self._courier = Courier(self._book, self._senders(), clock)
        self._watch = AlertWatch(rules)
        self._herald = Herald(_pace(self._settings))
        self._mutes: tuple[Mute, ...] = ()
        self._hour: Readings = {}
        self._hour_at = self._usual_at = 0.0
        self._usual: Mapping[AlertKey, Usual] = {}
        self._kept = AlertState()
        self._unkept: list[Letter] = []
        self._keeping = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None

    # Start and stop

    async def start(self) -> None:
        """Go on where the last process stopped. Raises StorageError."""
        state = self._kept = await self._book.state()
        self._watch = AlertWatch(self._rules, state.standing)
        self._herald = Herald(_pace(self._settings), state.told, state.last, state.sent)
        self._mutes = state.mutes
        self._courier.start()
        self._looking = asyncio.create_task(self._look(), name="alerts")

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await self._courier.stop()
        await self._client.aclose()

    def change(self, rules: Sequence[Rule]) -> None:
        """The application has been saved anew."""
        self._rules = tuple(rules)
        self._watch.change(rules)
        self._hour_at = self._usual_at = 0.0

    # Looking

    async def _look(self) -> None:
        while True:
            try:
                await self.check()
            except StorageError as error:
                log.warning("alerts_not_kept", problem=str(error))
            except Exception:
                # The next look may find what this one could not.
                log.exception("alerts_not_checked")
            await asyncio.sleep(self._settings.check_s)

    async def check(self) -> None:
        """Judge the figures of now, and write down what is to be told. Raises StorageError."""
        now = self._clock()
        await self._read_hour(now)
        self._watch.observe({**self._hour, **self._read_now()}, now)
        self._mutes = tuple(mute for mute in self._mutes if now < mute.until)
        notice = self._herald.due(self._watch.standing, self._mutes, now)
        if notice is not None:
            self._unkept += self._letters(notice)
        await self._keep()

    async def _read_hour(self, now: float) -> None:
        if self._hour_at <= now < self._hour_at + HOUR_EVERY_S:
            return
        self._hour_at = now
        ledger, queues = self._sources.ledger, self._sources.queues.queues()
        try:
            await self._read_usual(now)
            self._hour = compared(
                await read_hour(ledger, self._deflections, self._rules, now, queues), self._usual
            )
        except StorageError as error:
            self._hour = {}  # not known now
            log.warning("hour_not_read", problem=str(error))

    async def _read_usual(self, now: float) -> None:
        if self._usual_at <= now < self._usual_at + USUAL_EVERY_S:
            return
        ledger, weeks = self._sources.ledger, self._settings.weeks
        self._usual = await read_usual(
            ledger, self._deflections, self._rules, now, weeks, self._zone
        )
        self._usual_at = now

    def _read_now(self) -> Readings:
        service, registry = self._sources.queues, self._sources.registry
        behind = max((each().wait_s for each in self._sources.pools.values()), default=0.0)
        found = {
            ("recogniser_wait_s", ""): Reading(behind),
            ("lines_used", ""): Reading(registry.active / registry.max_calls, registry.max_calls),
        }
        for queue, state in service.queues().items():
            for figure, reading in of_queue(state, service.is_open(queue)).items():
                found[figure, queue] = reading
        return found

    # Keeping and telling

    def _letters(self, notice: Notice) -> list[Letter]:
        letter_id = uuid.uuid4().hex
        body = body_of(notice, letter_id, self._settings.page_url)
        return [
            Letter(letter_id, channel, body, notice.at, notice.at)
            for channel in self._courier.channels
        ]

    async def _keep(self) -> None:
        async with self._keeping:
            state, letters = self._state(), tuple(self._unkept)
            # Numbers in what is said change all the time, and come anew after a restart.
            if not letters and _without_words(state) == _without_words(self._kept):
                return
            await self._book.keep(state, letters)
            self._kept = state
            del self._unkept[: len(letters)]
        if letters:
            self._courier.stir()

    def _state(self) -> AlertState:
        herald, standing = self._herald, self._watch.standing
        return AlertState(standing, herald.told, herald.last, herald.sent, self._mutes)

    # What pages see and do (`web.api.alerts.AlertDesk`)

    @property
    def rule_names(self) -> Sequence[str]:
        return [rule.name for rule in self._rules]

    def views(self) -> tuple[AlertView, ...]:
        now = self._clock()
        return tuple(
            AlertView(
                each.name,
                each.queue,
                each.said,
                each.since,
                each.raised_at,
                muted_until(each.key, self._mutes, now),
            )
            for each in self._watch.standing
        )

    def mutes(self) -> tuple[Mute, ...]:
        now = self._clock()
        return tuple(mute for mute in self._mutes if now < mute.until)

    async def mute(self, name: str, queue: str, seconds: float, actor: Actor) -> Mute:
        """Tell nobody of these alerts for so long. Raises UsageError, StorageError."""
        if len(self.mutes()) >= MOST_MUTES:
            raise UsageError(f"at most {MOST_MUTES} mutes at a time; end some of them")
        now = self._clock()
        mute = Mute(uuid.uuid4().hex, name, queue, actor.who, now, now + seconds)
        await self._note(Deed.ALERTS_MUTED, f"{_named(mute)} for {seconds:.0f} s", actor)
        self._mutes = (*self._mutes, mute)
        await self._keep()
        return mute

    async def unmute(self, mute_id: str, actor: Actor) -> bool:
        """End a mute. Raises StorageError."""
        mute = next((each for each in self.mutes() if each.id == mute_id), None)
        if mute is None:
            return False
        await self._note(Deed.ALERTS_UNMUTED, _named(mute), actor)
        self._mutes = tuple(each for each in self._mutes if each.id != mute_id)
        await self._keep()
        return True

    async def _note(self, deed: Deed, what: str, actor: Actor) -> None:
        entry = AuditEntry(self._clock(), actor.who, deed, what, actor.address)
        await self._sources.audit.note(entry)

    def figures(self, viewers: int) -> Iterator[Figure]:
        """For ``/metrics``; ``viewers`` watch the wall."""
        counts, channels = self._courier.counts, self._courier.channels
        return alert_figures(self.views(), counts, channels, viewers)

    def _senders(self) -> Mapping[Channel, Sender]:
        settings = self._settings
        senders: dict[Channel, Sender] = {}
        if settings.webhook_url:
            secret = settings.webhook_secret.get_secret_value()
            post = SignedPost(settings.webhook_url, secret, self._client, self._clock)
            senders["webhook"] = WebhookSender(post)
        if settings.mail_to:
            server = MailServer(
                settings.mail_host,
                settings.mail_port,
                settings.mail_tls,
                settings.mail_user,
                settings.mail_password.get_secret_value(),
            )
            senders["mail"] = MailSender(server, settings.mail_from, settings.mail_to)
        return senders


def _pace(settings: AlertSettings) -> Pace:
    return Pace(settings.gather_s, settings.quiet_s, settings.most_per_hour)


def _without_words(state: AlertState) -> AlertState:
    return replace(state, standing=_silent(state.standing), told=_silent(state.told))


def _silent(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    return tuple(replace(each, said="") for each in alerts)


def _named(mute: Mute) -> str:
    name = mute.name or "all alerts"
    return f"{name}, {mute.queue}" if mute.queue else name
