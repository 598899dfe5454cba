"""Opens the session of each telephone call, in the version of the application that it begins with.

A call keeps this version to its end, whatever the designer saves meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import structlog

from voicebot.chatting import Chatting
from voicebot.config import Settings
from voicebot.engines import SpeechEngines
from voicebot.errors import UsageError
from voicebot.flows.state import FlowState
from voicebot.human_queues import HumanQueues
from voicebot.live.edition import Edition, Editions
from voicebot.sessions.account import CallAccount
from voicebot.sessions.callbacks import Reached
from voicebot.sessions.called_back import AfterCallback
from voicebot.sessions.callers import Callers
from voicebot.sessions.chat_records import ChatRecord
from voicebot.sessions.conversation import Conversation
from voicebot.sessions.outbound import DialOrder
from voicebot.sessions.queue_handoff import Kept
from voicebot.sessions.tongue import Tongue
from voicebot.sessions.voice import VoiceSession
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony._api import CallLeg, LegInfo
from voicebot.types import CallId, Json, Language, Outcome

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class VoiceCalls:
    """The telephone calls of a server. ``services`` are those of the version at the start."""

    settings: Settings
    services: VoiceServices
    engines: SpeechEngines
    editions: Editions
    callers: Callers
    chatting: Chatting
    queues: HumanQueues

    async def take(self, leg: CallLeg) -> None:
        """Hold a call that came in, from its beginning or from where it was left in text."""
        with self.editions.hold() as edition:
            text = await self.chatting.left_for(leg.info)
            if text is None:
                session = self._session(leg, edition, self.settings.calls.flow)
            else:
                state = FlowState.from_json(text.state)
                kept = _kept(text)
                session = self._session(leg, edition, text.flow, state=state, kept=kept)
            await session.run()

    async def converse(self, leg: CallLeg, order: DialOrder, account: CallAccount) -> None:
        """Hold a call of ours that was answered."""
        edition = self.editions.get(order.version)
        flow, state, kept = order.flow, None, None
        if self.chatting.call_me.has_ordered(leg.info.call_id):
            text = await self.chatting.called(leg.info)
            if text is None:
                account.ended(Outcome.NOT_REACHED, "nothing to go on with")
                self.services.registry.ended(leg.info.call_id, Outcome.NOT_REACHED)
                return
            flow, state, kept = text.flow, FlowState.from_json(text.state), _kept(text)
        await self._session(leg, edition, flow, account, state, kept).run()

    async def call_back(self, reached: Reached) -> None:
        """Hold the call of who was promised it and has answered, with an agent who waits."""
        place = reached.place
        flow, account = self.settings.calls.flow, reached.account
        with self.editions.hold() as edition:
            state = _way_back(place.briefing.way_back)
            interpreter = edition.application.interpreter_for(flow)
            conversation = Conversation(interpreter, state, self.queues.facts)
            services = self._services_for(account.info.call_id, edition, flow)
            await VoiceSession(
                reached.leg,
                AfterCallback(conversation, place.contact.queue),
                replace(services, who_calls=None, recordings=None),
                flow=flow,
                language=edition.application.language,
                version=edition.version,
                account=account,
                called_back=(place, reached.joined),
            ).run()

    @contextmanager
    def hold_version(self) -> Iterator[str]:
        """Keep the version that is current now for a call of ours; gives its name."""
        with self.editions.hold() as edition:
            yield edition.version

    def _session(
        self,
        leg: CallLeg,
        edition: Edition,
        flow: str,
        account: CallAccount | None = None,
        state: FlowState | None = None,
        kept: Kept | None = None,
    ) -> VoiceSession:
        """``state`` is that of a contact that comes from another channel, ``kept`` its place in a
        queue there."""
        application = edition.application
        return VoiceSession(
            leg,
            Conversation(
                application.interpreter_for(flow),
                state,
                self.queues.facts,
                keeps_place=kept is not None,
            ),
            replace(self._services_for(leg.info.call_id, edition, flow), kept=kept),
            flow=flow,
            language=application.language,
            facts=dialled_language(self.settings, leg.info),
            version=edition.version,
            account=account,
        )

    def _services_for(self, call: CallId, edition: Edition, flow: str) -> VoiceServices:
        """What all calls share, with the version of the application that this one holds, and its
        own ears: its decodes wait in a line of their own."""
        own = self._tongue(edition.application.language, edition, call)
        assert own is not None, "an edition speaks its own language"
        identify = edition.application.identify_by(flow)
        return replace(
            self.services,
            recognize=own.recognize,
            renderer=own.renderer,
            tongue=partial(self._tongue, edition=edition, call=call),
            grammars=edition.application.listen_grammars,
            comprehension=edition.application.comprehension,
            queueing=self.queues.for_calls(edition.application.queues),
            act=partial(self.callers.act, edition.application.act),
            who_calls=partial(self.callers.facts, identify=identify),
        )

    def _tongue(self, language: Language, edition: Edition, call: CallId) -> Tongue | None:
        if language not in edition.renderers:
            return None
        self.engines.wake(language)
        edition.application.wake(language)
        recognize = partial(self.engines.recognize, language=language, call=call)
        return Tongue(recognize, edition.renderers[language])


def _way_back(kept: Mapping[str, Json]) -> FlowState | None:
    """Where a callback was booked; None where nothing that can be read is kept of it."""
    try:
        return FlowState.from_json(kept) if kept else None
    except UsageError as error:
        log.warning("way_back_not_read", problem=str(error))
        return None


def _kept(text: ChatRecord) -> Kept | None:
    """The place that a conversation had, as a call takes it along: wherever its flow leads."""
    stand = text.stand
    return None if stand is None else Kept(stand.since, head=stand.head or bool(stand.agent))


def dialled_language(settings: Settings, info: LegInfo) -> dict[str, Json]:
    """The language in which calls to this number begin, where the settings have one."""
    number = info.callee.removeprefix("sip:").removeprefix("sips:").partition("@")[0]
    language = settings.calls.languages.get(number)
    return {} if language is None else {"language": language}
