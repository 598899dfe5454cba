"""A telephone call from beginning to end.

Read top to bottom, this is the pipeline: answer; let the ears follow the line; let the flow say
what is to be done and do it; write down how it ended. One task group owns all that belongs to the
call: when the line ends everything is cancelled, and nothing outlives it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog

from voicebot.errors import ActionError, CallError, TransferFailed
from voicebot.events import DeflectionStage, TurnResult
from voicebot.flows.commands import (
    ANSWER,
    Act,
    ActionDone,
    ActionFailed,
    ChangeLanguage,
    CloseOffer,
    Command,
    ContactStarted,
    FlowEvent,
    HangUp,
    InputMatched,
    LeaveQueue,
    Listen,
    NoMatch,
    OfferText,
    Say,
    SendText,
    TextSent,
    Transfer,
    TransferDone,
    TransferMode,
    TransferRefused,
    TurnCame,
)
from voicebot.flows.state import FlowState
from voicebot.logs import discretion
from voicebot.media.recorder import CallRecorder
from voicebot.sessions import recording
from voicebot.sessions.account import CallAccount
from voicebot.sessions.comprehension import Comprehension
from voicebot.sessions.ears import Detector, Ears, Hearing, Recognize, voice_detector
from voicebot.sessions.feed import LiveEvent
from voicebot.sessions.grammars import ListenGrammars
from voicebot.sessions.handoff import Handoff, HandoffServices
from voicebot.sessions.invitation import MovingContact
from voicebot.sessions.last_words import CLOSING, OUR_FAULT, in_language
from voicebot.sessions.mouth import Mouth
from voicebot.sessions.offers import NO_TEXT, TextOffers
from voicebot.sessions.queue_figures import SERVED, UNWANTED
from voicebot.sessions.queue_handoff import Queueing
from voicebot.sessions.queue_stay import ELSEWHERE, HUNG_UP, QueueStay, Waiter
from voicebot.sessions.recording import Recordings
from voicebot.sessions.records import Journal
from voicebot.sessions.registry import CallRegistry
from voicebot.sessions.tongue import Tongue
from voicebot.speech.prompts import PromptRenderer
from voicebot.telephony._api import (
    AudioIn,
    CallLeg,
    HoldChanged,
    KeyIn,
    LegEnded,
    LegInfo,
    RingingLeg,
)
from voicebot.turns.signals import TurnPolicy
from voicebot.types import CallId, Heard, Json, Language, Matter, Mode, Outcome, Prompt, Samples

log = structlog.get_logger(__name__)

FILLER_AFTER_S = 0.8
"""How long an action may take before the caller is told that we are at it."""
FAREWELL_S = 8.0
"""The longest that a last word may take."""


class Dialogue(Protocol):
    """One conversation of a flow: events in, commands out. No I/O."""

    def receive(self, event: FlowEvent) -> list[Command]: ...

    def moving(self) -> FlowState:
        """The state with which the contact goes on in text, while its link is being sent."""
        ...

    @property
    def step(self) -> str:
        """The step that is waiting for an event."""
        ...

    @property
    def outcome_if_hung_up(self) -> Outcome:
        """How the contact counts if the caller leaves now, having heard all that was said."""
        ...

    @property
    def outcome_if_cut_off(self) -> Outcome:
        """The same for a caller who did not hear the last `Say` with ``serves`` to its end."""
        ...

    def matter(self, *, heard_all: bool) -> Matter | None:
        """What the contact is about if it ends now; ``heard_all`` tells the two cases apart."""
        ...

    @property
    def customer(self) -> str:
        """The application's own word for who calls; empty where nobody knows."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceServices:
    """What all calls share. Everything slow among it is asynchronous.

    ``recognize`` and ``renderer`` are those of the language in which a call begins, ``tongue``
    gives those of another one that the flow changes to, None where there are none.
    ``comprehension`` understands what no grammar holds, with ``grammars`` alone where it is None;
    ``transfer_modes`` are those of single targets, where a flow does not say how it hands over;
    ``recordings`` is None where calls are not recorded.
    """

    recognize: Recognize
    renderer: PromptRenderer
    grammars: ListenGrammars
    act: Callable[[str, Mapping[str, Json]], Awaitable[Json]]
    transfer_targets: Mapping[str, str]
    journal: Journal
    publish: Callable[[LiveEvent], None]
    registry: CallRegistry
    turns: TurnPolicy
    clock: Callable[[], float] = time.time
    detector: Callable[[int], Detector] = voice_detector
    handoffs: HandoffServices = field(default_factory=HandoffServices)
    transfer_modes: Mapping[str, TransferMode] = field(default_factory=dict)
    queueing: Queueing | None = None
    """The queues of the application; None where there are none."""
    recordings: Recordings | None = None
    comprehension: Comprehension | None = None
    tongue: Callable[[Language], Tongue | None] = lambda language: None
    who_calls: Callable[[LegInfo], Awaitable[Mapping[str, Json]]] | None = None
    """Gives variables about the caller in a bounded time, and never raises (`sessions.callers`)."""
    announcement: Prompt | None = None
    """Said before the call is answered, where the door can do that."""
    offers: TextOffers = NO_TEXT


@dataclass(frozen=True, slots=True)
class Ending:
    outcome: Outcome
    reason: str


class VoiceSession:
    """One call: ``leg`` and ``dialogue`` are its own, ``services`` everybody's."""

    def __init__(
        self,
        leg: CallLeg,
        dialogue: Dialogue,
        services: VoiceServices,
        *,
        flow: str,
        language: Language,
        version: str = "",
        account: CallAccount | None = None,
        facts: Mapping[str, Json] | None = None,
    ) -> None:
        """``language`` is that of ``flow``, ``facts`` what is known of the call beyond what the
        line says, over that. ``account`` is that of a call which was begun by somebody else, such
        as one of ours; ``version`` that of the application, for the record."""
        self._leg = leg
        self._dialogue = dialogue
        self._services = services
        self._flow = flow
        self._language = language
        self._version = version
        self._facts = facts or {}
        self._account = account or CallAccount(
            leg.info, services.journal, services.publish, services.clock
        )
        self._comprehension = services.comprehension or Comprehension(services.grammars)
        self._closing = asyncio.Event()
        self._last_speech_at: float | None = None
        self._told_latency = False
        self._handoff: Handoff | None = None
        self._stay = None if services.queueing is None else QueueStay(services.queueing)
        self._chooses = False
        """Whether a caller who waits in a queue is listened to."""
        self._left_person = False
        self._recorder: CallRecorder | None = None
        self._to_announce = services.announcement if leg.info.direction == "inbound" else None

    @property
    def call_id(self) -> CallId:
        return self._leg.info.call_id

    def end_politely(self) -> None:
        """Say that the line closes, then hang up."""
        self._closing.set()

    async def run(self) -> None:
        """Hold the call. Never raises; returns when the call is over and written down."""
        self._services.registry.began(self)
        begins_in = Language(str(self._facts.get("language") or self._language))
        self._account.started(self._flow, begins_in, self._version)
        known = asyncio.ensure_future(self._who_calls())
        ending = Ending(Outcome.FAILED, "cancelled")
        try:
            ending = await self._hold(known)
        except CallError as error:
            ending = Ending(Outcome.FAILED, str(error))
        except Exception:
            log.exception("call_failed", call_id=self.call_id)
            ending = Ending(Outcome.FAILED, "internal error")
        finally:
            known.cancel()
            self._leg.attach(None)
            await self._leg.hang_up()
            if self._recorder is not None:
                self._recorder.close()
            self._account.ended(ending.outcome, ending.reason, latency_ms=self._latency_ms())
            self._services.registry.ended(self.call_id, ending.outcome)

    async def _who_calls(self) -> Mapping[str, Json]:
        look_up = self._services.who_calls
        return {} if look_up is None else await look_up(self._leg.info)

    async def _hold(self, known: asyncio.Future[Mapping[str, Json]]) -> Ending:
        if not await self._announce():
            return Ending(Outcome.ABANDONED_IN_FLOW, "caller hung up before the answer")
        await self._leg.answer()
        self._account.answered()
        async with asyncio.TaskGroup() as group:
            self._make_mouth = partial(self._new_mouth, group)
            self._open_ears_and_mouth(group)
            line = group.create_task(self._follow_line())
            talk = group.create_task(self._talk(known))
            closing = group.create_task(self._closing.wait())
            await asyncio.wait({line, talk, closing}, return_when=asyncio.FIRST_COMPLETED)
            talk.cancel()
            await asyncio.wait({talk})
            if not line.done():
                await self._last_words(talk, line)
            ending = self._ending(line, talk)
            self._note_matter(heard_all=not self._mouth.speaker.owes_answer)
            for task in (line, closing):
                task.cancel()
            self._mouth.stop()
            self._ears.close()
        return ending

    async def _announce(self) -> bool:
        """Say what is to be heard before the answer; false when the caller left meanwhile."""
        words, leg = self._to_announce, self._leg
        if words is None or not isinstance(leg, RingingLeg):
            return True
        if not await leg.ring(early_media=True):
            return True
        self._to_announce = None
        async with asyncio.TaskGroup() as group:
            rate = leg.sample_rate
            mouth = Mouth(
                self._services.renderer, self._language, rate, _unheard, lambda: None, group
            )
            leg.attach(mouth.speaker)
            self._account.said(mouth.say(words, bargein=False))
            said = group.create_task(mouth.wait_for_silence())
            left = group.create_task(leg.given_up())
            await asyncio.wait({said, left}, return_when=asyncio.FIRST_COMPLETED)
            mouth.stop()
            gone = left.done()
            left.cancel()
        return not gone

    def _open_ears_and_mouth(self, group: asyncio.TaskGroup) -> None:
        rate = self._leg.sample_rate
        self._mouth = self._new_mouth(
            group,
            rate,
            lambda bargein: self._ears.prompt_started(bargein),
            lambda: self._ears.prompt_finished(),
        )
        self._ears = Ears(
            rate,
            self._services.recognize,
            self._mouth.stop,
            group,
            policy=self._services.turns,
            detector=self._services.detector,
            partial=self._account.hearing,
            now=asyncio.get_running_loop().time(),
        )
        self._leg.attach(self)

    def _new_mouth(
        self,
        group: asyncio.TaskGroup,
        rate: int,
        on_start: Callable[[bool], None] = lambda bargein: None,
        on_silence: Callable[[], None] = lambda: None,
    ) -> Mouth:
        return Mouth(self._services.renderer, self._language, rate, on_start, on_silence, group)

    def next_frame(self, now: float) -> Samples | None:
        """The leg wants a frame to send (`FrameSource`)."""
        secret = self._mouth.speaker.is_secret
        frame = (self._handoff or self._mouth.speaker).next_frame(now)
        if self._recorder is not None:
            self._recorder.hushed = secret or self._mouth.speaker.is_secret
            self._recorder.sent(frame, now)
        if not self._told_latency and self._mouth.speaker.first_voice_at is not None:
            self._told_latency = True
            self._account.prompt_left(self._latency_ms())
        return frame

    # The line

    async def _follow_line(self) -> LegEnded:
        async for event in self._leg.events():
            if self._recorder is not None and isinstance(event, AudioIn):
                self._recorder.heard(event.samples, event.at)
            if self._handoff is not None and not isinstance(event, LegEnded):
                # The bot does not listen while two people talk.
                self._handoff.receive(event)
                if not self._chooses:
                    continue
            match event:
                case AudioIn(samples, at):
                    self._ears.audio(samples, at)
                case KeyIn(key, at):
                    self._ears.key(key, at)
                case HoldChanged(held, at):
                    self._ears.hold(held, at)
                case LegEnded():
                    return event
        raise CallError("the line ended without saying so")

    # The dialogue

    async def _talk(self, known: asyncio.Future[Mapping[str, Json]]) -> HangUp | None:
        """Run the dialogue to its end; None when something of ours broke."""
        try:
            if self._to_announce is not None:  # it could not be heard before the answer
                self._say(self._to_announce, bargein=False)
            return await self._converse(known)
        except Exception:
            log.exception("dialogue_failed", call_id=self.call_id)
            return None
        finally:
            served = self._dialogue.outcome_if_hung_up is Outcome.SELF_SERVED
            await self._leave_queue(SERVED if served else HUNG_UP)

    async def _converse(self, known: asyncio.Future[Mapping[str, Json]]) -> HangUp:
        await self._begin_recording()
        text = self._services.offers.fact(self._leg.info)
        facts = {**facts_of(self._leg.info, self._language), "text": text, **self._facts}
        event: FlowEvent = ContactStarted({**facts, **await known})
        while True:
            commands = self._dialogue.receive(event)
            self._account.at_step(self._dialogue.step)
            self._note_matter(heard_all=False)
            for command in commands:
                match command:
                    case Say():
                        self._say(command.prompt, command.bargein, command.serves)
                    case ChangeLanguage(language):
                        self._change_language(language)
                    case LeaveQueue():
                        await self._leave_queue(UNWANTED)
                    case Listen():
                        event = await self._listen_in_line(command)
                    case Act():
                        event = await self._act(command)
                    case Transfer():
                        event = await self._transfer(command)
                    case OfferText(intent):
                        self._account.deflected(DeflectionStage.OFFERED, intent)
                        self._services.offers.asked(self.call_id, commands[-1])
                    case CloseOffer(intent, declined):
                        self._services.offers.settled(self.call_id)
                        if declined:
                            self._account.deflected(DeflectionStage.DECLINED, intent)
                    case SendText():
                        event = await self._send_text(command)
                    case HangUp():
                        await self._mouth.wait_for_silence()
                        return command

    def _change_language(self, language: Language) -> None:
        tongue = self._services.tongue(language)
        if tongue is None:
            log.warning("language_not_spoken", call_id=self.call_id, language=str(language))
            return
        self._language = language
        self._mouth.speak(language, tongue.renderer)
        self._ears.understand(tongue.recognize)

    def _note_matter(self, *, heard_all: bool) -> None:
        """As it comes: a process that is killed forgets no matter."""
        self._account.is_about(self._dialogue.matter(heard_all=heard_all), self._dialogue.customer)

    async def _begin_recording(self) -> None:
        rule = self._services.recordings
        if rule is None:
            return
        self._account.at_step(recording.STEP)
        if await recording.agreed(rule, self._say, self._listen):
            self._recorder = rule.begin(self.call_id, self._leg.sample_rate)
            self._account.recorded(self._recorder.name)

    def _say(self, prompt: Prompt, bargein: bool = True, serves: bool = False) -> None:
        self._account.said(self._mouth.say(prompt, bargein=bargein, serves=serves))

    async def _listen(self, listen: Listen) -> FlowEvent:
        if self._recorder is not None:
            self._recorder.paused = listen.private
        self._account.discreet = listen.sensitive
        try:
            return await self._hear(listen)
        finally:
            if self._recorder is not None:
                self._recorder.paused = False

    async def _listen_in_line(self, listen: Listen) -> FlowEvent:
        """Listen, unless the turn comes of a caller who keeps a place in a queue."""
        stay = self._stay
        if stay is None or not stay.awaits_turn:
            return await self._listen(listen)
        hearing = asyncio.ensure_future(self._listen(listen))
        turn = asyncio.ensure_future(stay.turn())
        try:
            await asyncio.wait({hearing, turn}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                return hearing.result()
            stay.told()
            self._mouth.stop()
            return TurnCame()
        finally:
            for task in (hearing, turn):
                task.cancel()
            await asyncio.wait({hearing, turn})

    async def _choose(self, listen: Listen) -> InputMatched:
        """What a caller who waits in a queue chooses to do; all else is none of the bot's."""
        grammar = await self._services.grammars.active(listen.grammars)
        self._chooses = True
        try:
            while True:
                hearing = await self._ears.hear(listen, grammar)
                if isinstance(hearing.event, InputMatched):
                    break
        finally:
            self._chooses = False
        self._took(hearing, hearing.event.heard)
        return hearing.event

    async def _leave_queue(self, reason: str) -> None:
        if self._stay is not None:
            await self._stay.leave(reason)

    async def _hear(self, listen: Listen) -> FlowEvent:
        # Compiled, where need be, while the question is being said.
        grammar = await self._services.grammars.active(listen.grammars)
        hearing = await self._ears.hear(listen, grammar)
        event, heard = hearing.event, hearing.heard
        if isinstance(event, NoMatch):
            event = await self._comprehension.free_words(event, listen, Mode.SPEECH)
        if isinstance(event, InputMatched):
            heard = event.heard  # what was near, or meant an intent
        self._took(hearing, heard, matched=isinstance(event, InputMatched))
        return event

    def _took(self, hearing: Hearing, heard: Heard | None, *, matched: bool = True) -> None:
        """A turn of the caller is over."""
        self._account.heard(
            TurnResult.MATCH if matched else hearing.result,
            heard,
            latency_ms=self._latency_ms(),
            barged_in=hearing.barged_in,
            spoke=self._ears.ago(hearing),
        )
        self._last_speech_at = hearing.last_speech_at
        self._mouth.speaker.expect_reply()
        self._told_latency = False

    async def _act(self, act: Act) -> FlowEvent:
        with discretion(act.secret):
            action = asyncio.ensure_future(self._services.act(act.action, act.arguments))
        try:
            if act.filler is not None:
                await asyncio.wait({action}, timeout=FILLER_AFTER_S)
                if not action.done():
                    self._say(act.filler)
            value = await action
            if act.action == ANSWER and not act.secret:
                self._account.looked_up(act.arguments, value)
            return ActionDone(value)
        except ActionError as error:
            with discretion(act.secret):
                log.warning("action_failed", action=error.action, problem=error.problem)
            return ActionFailed(error.problem)
        finally:
            action.cancel()

    async def _transfer(self, transfer: Transfer) -> FlowEvent:
        await self._mouth.wait_for_silence()
        if transfer.queue:
            return await self._queue(transfer)
        await self._leave_queue(ELSEWHERE)
        target = self._services.transfer_targets.get(transfer.target, transfer.target)
        if not target.startswith(("sip:", "sips:", "tel:")):
            return TransferRefused(f"no address is set for '{transfer.target}'")
        mode = transfer.mode or self._services.transfer_modes.get(transfer.target)
        if mode is TransferMode.BRIDGE:
            return await self._over_bridge(
                lambda handoff: handoff.transfer(transfer, target, self._say)
            )
        try:
            await self._leg.transfer(target, transfer.context)
        except TransferFailed as error:
            log.info("transfer_failed", target=transfer.target, status=error.status)
            return TransferRefused(error.reason)
        return TransferDone()

    async def _queue(self, transfer: Transfer) -> FlowEvent:
        stay = self._stay
        if stay is None:
            return TransferRefused(f"there is no queue '{transfer.queue}'")

        def wait(handoff: Handoff) -> Awaitable[FlowEvent]:
            info, language = self._leg.info, self._language
            return stay.wait(Waiter(info, handoff, language, self._say, self._choose), transfer)

        return await self._over_bridge(wait)

    async def _over_bridge(self, hand_over: Callable[[Handoff], Awaitable[FlowEvent]]) -> FlowEvent:
        handoff = Handoff(self._leg, self._mouth, self._make_mouth, self._services.handoffs)
        self._handoff = handoff
        try:
            event = await hand_over(handoff)
        except asyncio.CancelledError:
            # Whoever hangs up while they talk to a person has been transferred.
            self._left_person = handoff.answered
            raise
        finally:
            self._handoff = None
        self._last_speech_at = None  # nobody has waited for the bot since
        return event

    async def _send_text(self, text: SendText) -> FlowEvent:
        self._services.offers.settled(self.call_id)
        contact = MovingContact(
            self.call_id,
            self._flow,
            self._language,
            self._version,
            self._dialogue.moving(),
            {"caller": self._leg.info.caller, "callee": self._leg.info.callee},
            tuple(self._account.turns),
        )
        event = await self._services.offers.send(contact, text.number)
        sent = isinstance(event, TextSent)
        stage = DeflectionStage.ACCEPTED if sent else DeflectionStage.FAILED
        self._account.deflected(stage, text.intent)
        return event

    def _latency_ms(self) -> float | None:
        if self._last_speech_at is None:
            return None
        first = self._mouth.speaker.first_voice_at
        return None if first is None else max(0.0, (first - self._last_speech_at) * 1000)

    # The end

    async def _last_words(
        self, talk: asyncio.Task[HangUp | None], line: asyncio.Task[LegEnded]
    ) -> None:
        """Say why the call ends, where it was not the flow that ended it."""
        if not talk.cancelled() and talk.result() is not None:
            return
        self._mouth.stop()
        words = CLOSING if talk.cancelled() else OUR_FAULT
        self._say(in_language(words, self._language), bargein=False)
        silence = asyncio.ensure_future(self._mouth.wait_for_silence())
        await asyncio.wait({silence, line}, timeout=FAREWELL_S, return_when=asyncio.FIRST_COMPLETED)
        silence.cancel()

    def _ending(self, line: asyncio.Task[LegEnded], talk: asyncio.Task[HangUp | None]) -> Ending:
        command = None if talk.cancelled() else talk.result()
        if command is not None:
            return Ending(command.outcome, command.reason)
        if not talk.cancelled():
            return Ending(Outcome.FAILED, "internal error")
        reached = self._reached()
        if line.done():
            ended = line.result()
            died = ended.failed and reached is Outcome.ABANDONED_IN_FLOW
            return Ending(Outcome.FAILED if died else reached, ended.reason)
        served = reached in {Outcome.SELF_SERVED, Outcome.TRANSFERRED}
        return Ending(reached if served else Outcome.FAILED, "voicebot was stopped")

    def _reached(self) -> Outcome:
        """How the contact counts when it ends here, unfinished."""
        if self._left_person:
            return Outcome.TRANSFERRED
        if self._mouth.speaker.owes_answer:
            return self._dialogue.outcome_if_cut_off
        return self._dialogue.outcome_if_hung_up


def facts_of(info: LegInfo, language: Language) -> dict[str, Json]:
    """What a flow knows of a call from the beginning."""
    headers: dict[str, Json] = {
        name.replace("-", "_"): value for name, value in info.headers.items()
    }
    return {
        "caller": info.caller,
        "callee": info.callee,
        "channel": "voice",
        "language": language,
        "direction": info.direction,
        "answered_by": info.answered_by or None,
        "headers": headers,
    }


def _unheard(bargein: bool) -> None:
    """Nobody listens before the answer."""
