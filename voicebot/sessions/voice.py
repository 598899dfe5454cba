"""A telephone call from beginning to end.

Read top to bottom, this is the pipeline: answer; let the ears follow the line; let the flow say
what is to be done and do it; write down how it ended. One task group owns all that belongs to the
call: when the line ends everything is cancelled, and nothing outlives it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from voicebot.errors import CallError
from voicebot.flows.commands import (
    Act,
    ChangeLanguage,
    CloseOffer,
    HangUp,
    LeaveQueue,
    Listen,
    OfferText,
    Say,
    SendText,
    Transfer,
)
from voicebot.flows.events import ContactStarted, FlowEvent
from voicebot.sessions import recording
from voicebot.sessions.account import CallAccount
from voicebot.sessions.acting import carry_out
from voicebot.sessions.announcing import announce
from voicebot.sessions.caller_turns import CallerTurns
from voicebot.sessions.dialogue import Dialogue, facts_of
from voicebot.sessions.ears import Ears
from voicebot.sessions.earshot import Earshot
from voicebot.sessions.endings import Ending, ending_of
from voicebot.sessions.last_words import CLOSING, OUR_FAULT, in_language
from voicebot.sessions.mouth import Mouth
from voicebot.sessions.open_call import OpenCall
from voicebot.sessions.place import Joined, Place
from voicebot.sessions.queue_figures import HUNG_UP, SERVED, UNWANTED
from voicebot.sessions.text_in_call import TextInCall
from voicebot.sessions.transferring import BotSide, Transferring
from voicebot.sessions.voice_services import VoiceServices
from voicebot.telephony._api import (
    AudioIn,
    CallLeg,
    HoldChanged,
    KeyIn,
    LegEnded,
    RingingLeg,
)
from voicebot.types import CallId, Json, Language, Outcome, Prompt, Samples

log = structlog.get_logger(__name__)

FAREWELL_S = 8.0
"""The longest that a last word may take."""


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
        called_back: tuple[Place, Joined] | None = None,
    ) -> None:
        """``language`` is that of ``flow``, ``facts`` what is known of the call beyond what the
        line says, over that. ``account`` is that of a call which was begun by somebody else, such
        as one of ours; ``version`` that of the application, for the record. ``called_back`` is the
        place of who was called back, and the agent who waits for them."""
        self._leg = leg
        self._dialogue = dialogue
        self._services = services
        self._flow = flow
        self._language = language
        self._version = version
        self._facts = facts or {}
        self._called_back = called_back
        self._account = account or CallAccount(
            leg.info, services.journal, services.publish, services.clock
        )
        self._text = TextInCall(leg.info, dialogue, self._account, services.offers, flow, version)
        self._turns = CallerTurns(services.grammars, services.comprehension, self._account)
        self._closing = asyncio.Event()
        self._open: OpenCall | None = None
        self._to_announce = services.announcement if leg.info.direction == "inbound" else None

    @property
    def call_id(self) -> CallId:
        return self._leg.info.call_id

    @property
    def open_call(self) -> OpenCall | None:
        """What supervisors see of it; None before the answer."""
        return self._open

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
            if self._open is not None:
                self._open.close()
            self._account.ended(ending.outcome, ending.reason, latency_ms=self._turns.latency_ms)
            self._services.registry.ended(self.call_id, ending.outcome)

    async def _who_calls(self) -> Mapping[str, Json]:
        look_up = self._services.who_calls
        return {} if look_up is None else await look_up(self._leg.info)

    async def _hold(self, known: asyncio.Future[Mapping[str, Json]]) -> Ending:
        if await self._left_before_answer():
            return Ending(Outcome.ABANDONED_IN_FLOW, "caller hung up before the answer")
        await self._leg.answer()
        self._account.answered()
        async with asyncio.TaskGroup() as group:
            self._open_ears_and_mouth(group)
            line = group.create_task(self._follow_line())
            talk = group.create_task(self._talk(known))
            closing = group.create_task(self._closing.wait())
            await asyncio.wait({line, talk, closing}, return_when=asyncio.FIRST_COMPLETED)
            talk.cancel()
            await asyncio.wait({talk})
            if not line.done():
                await self._last_words(talk, line)
            ending = ending_of(line, talk, self._reached)
            self._note_matter(heard_all=not self._mouth.speaker.owes_answer)
            for task in (line, closing):
                task.cancel()
            self._mouth.stop()
            self._ears.close()
        return ending

    async def _left_before_answer(self) -> bool:
        """Say what is to be heard before the answer, where the line can do that."""
        words, leg = self._to_announce, self._leg
        if words is None or not isinstance(leg, RingingLeg) or not await leg.ring(early_media=True):
            return False
        self._to_announce = None
        renderer, language = self._services.renderer, self._language
        return not await announce(leg, words, renderer, language, self._account)

    def _open_ears_and_mouth(self, group: asyncio.TaskGroup) -> None:
        rate = self._leg.sample_rate
        self._earshot = Earshot(rate)
        self._open = OpenCall(
            self._flow, self._services.clock(), self._account, self._dialogue, self._earshot
        )
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
        self._turns.open(self._ears, self._mouth)
        bot = BotSide(
            self._mouth,
            partial(self._new_mouth, group),
            self._say,
            self._turns.choose,
            language=lambda: self._language,
            told=lambda: self._dialogue.told,
            in_queue=lambda: self._dialogue.in_queue,
            until_answered=self._earshot.until_answered,
            came_back=self._turns.was_away,
        )
        orders = self._open.orders
        self._transfers = Transferring(self._leg, self._services, bot, orders, self._called_back)
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
        frame = (self._transfers.handoff or self._mouth.speaker).next_frame(now)
        self._earshot.sent(frame, now, secret=secret or self._mouth.speaker.is_secret)
        self._turns.frame_left()
        return frame

    # The line

    async def _follow_line(self) -> LegEnded:
        async for event in self._leg.events():
            if isinstance(event, AudioIn):
                self._earshot.heard(event.samples, event.at)
            handoff = self._transfers.handoff
            if handoff is not None and not isinstance(event, LegEnded):
                # The bot does not listen while two people talk.
                handoff.receive(event)
                if not self._turns.chooses:
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
            await self._transfers.leave_queue(SERVED if served else HUNG_UP)

    async def _converse(self, known: asyncio.Future[Mapping[str, Json]]) -> HangUp:
        await self._begin_recording()
        text = self._services.offers.fact(self._leg.info)
        facts = {**facts_of(self._leg.info, self._language), "text": text, **self._facts}
        event: FlowEvent = ContactStarted({**facts, **await known})
        while True:
            commands = self._dialogue.receive(event)
            self._account.at_step(self._dialogue.step)
            self._note_matter(heard_all=False)
            if isinstance(event, ContactStarted) and (kept := self._dialogue.kept_transfer()):
                self._transfers.take_up(kept)
            for command in commands:
                match command:
                    case Say():
                        self._say(command.prompt, command.bargein, command.serves)
                    case ChangeLanguage(language):
                        self._change_language(language)
                    case LeaveQueue():
                        await self._transfers.leave_queue(UNWANTED)
                    case Listen():
                        event = await self._turn(command)
                    case Act():
                        act = self._services.act
                        event = await carry_out(command, act, self._account, self._say)
                    case Transfer():
                        event = await self._transfers.transfer(command)
                    case OfferText(intent):
                        self._text.offered(intent, commands[-1])
                    case CloseOffer(intent, declined):
                        self._text.closed(intent, declined=declined)
                    case SendText():
                        event = await self._text.send(command, self._language)
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
            recorder = self._earshot.recorder = rule.begin(self.call_id, self._leg.sample_rate)
            self._account.marks.sound = recorder
            self._account.recorded(recorder.name)

    def _say(self, prompt: Prompt, bargein: bool = True, serves: bool = False) -> None:
        self._account.said(self._mouth.say(prompt, bargein=bargein, serves=serves))

    async def _listen(self, listen: Listen) -> FlowEvent:
        self._account.discreet = listen.sensitive
        with self._earshot.asking(listen):
            return await self._turns.hear(listen)

    async def _turn(self, listen: Listen) -> FlowEvent:
        """Listen, unless the turn comes of a caller who keeps a place in a queue, or a supervisor
        steps in; nobody does while a secret is asked for."""
        listening = self._transfers.unless_turn_comes(self._listen(listen))
        if listen.private:
            return await listening
        return await self._transfers.unless_stepped_in(listening)

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

    def _reached(self) -> Outcome:
        """How the contact counts when it ends here, unfinished."""
        if self._transfers.left_person:
            return Outcome.TRANSFERRED
        if self._mouth.speaker.owes_answer:
            return self._dialogue.outcome_if_cut_off
        return self._dialogue.outcome_if_hung_up
