"""What words mean at a question: voice, typed lines and chat all ask here.

The grammars of the question go first. Words that none of them holds may be near to an item of a
list; typed ones may be those of a grammar with slips; and else they may be an intent. The sentence
of an intent also gives the values of its slots, found by their grammars. Understanding takes
milliseconds and is done in one thread for all calls; when that thread is behind, the words count as
not understood.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date
from typing import Final

import structlog

from voicebot.errors import GrammarError, ModelError
from voicebot.flows.commands import Listen, WantedIntents
from voicebot.flows.events import INTENTS_GRAMMAR, Ambiguous, FlowEvent, InputMatched, NoMatch
from voicebot.grammar.spelling import respell
from voicebot.grammar.spotting import spot
from voicebot.nlu.intents import ScoredIntent, Understanding
from voicebot.nlu.library import NO_INTENTS, IntentLibrary
from voicebot.sessions.free_words import taken_freely
from voicebot.sessions.grammars import MAX_OPTIONS, NEAR_CONFIDENCE, ListenGrammars
from voicebot.types import Heard, Json, Mode

log = structlog.get_logger(__name__)

WITHIN_S: Final = 3.0
"""The longest that a caller waits for free words to be understood."""
FIRST_WITHIN_S: Final = 10.0
"""The same until it has worked once: what reads them is loaded when the first call comes."""


class Comprehension:
    """Understands for all calls; ``executor`` works on free words, a thread of its own if left
    out."""

    def __init__(
        self,
        grammars: ListenGrammars,
        intents: IntentLibrary = NO_INTENTS,
        executor: Executor | None = None,
    ) -> None:
        self._grammars = grammars
        self._intents = intents
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="intents")
        self._has_worked = False

    # Whole lines

    async def line(self, text: str, listen: Listen, mode: Mode = Mode.TEXT) -> FlowEvent:
        """What a typed line means, understood away from the event loop."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._executor, self.line_now, text, listen, mode)
        return await self._in_time(work, NoMatch(text))

    def line_now(
        self, text: str, listen: Listen, mode: Mode = Mode.TEXT, today: date | None = None
    ) -> FlowEvent:
        """The same, at once and on this thread. ``today`` is the day for words such as 'tomorrow',
        None for the local date."""
        if listen.grammars:
            match = self._grammars.now(listen.grammars).match_words([text], today)
            if match is not None:
                heard = Heard(match.text, match.semantics, 1.0, mode, match.grammar)
                return InputMatched(heard)
        return self.free_words_now(NoMatch(text), listen, mode, today)

    # Words that no grammar held

    async def free_words(self, event: NoMatch, listen: Listen, mode: Mode) -> FlowEvent:
        """What was not understood, once more: near items of lists, then intents, then the words as
        they are where the question takes them so. Gives ``event`` back where it is none of these.
        """
        near = await self._grammars.nearest(listen.grammars, event)
        if near is not event or not event.text or listen.intents is None:
            return taken_freely(listen, near, mode)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(
            self._executor, self._intended, event, listen.intents, mode, None
        )
        return taken_freely(listen, await self._in_time(work, event), mode)

    def free_words_now(
        self, event: NoMatch, listen: Listen, mode: Mode, today: date | None = None
    ) -> FlowEvent:
        """The same, at once and on this thread."""
        near = self._grammars.nearest_now(listen.grammars, event, mode)
        if near is event and event.text and mode is Mode.TEXT:
            near = self._respelled(event, listen, today)
        if near is event and event.text and listen.intents is not None:
            near = self._intended(event, listen.intents, mode, today)
        return taken_freely(listen, near, mode)

    def explain(self, text: str, listen: Listen) -> Understanding | None:
        """What the intents of this question make of a text, and why; None without intents."""
        if listen.intents is None:
            return None
        return self._intents.understand(text, listen.intents.language)

    def close(self) -> None:
        """Understand no more."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _in_time(self, work: asyncio.Future[FlowEvent], otherwise: FlowEvent) -> FlowEvent:
        within_s = WITHIN_S if self._has_worked else FIRST_WITHIN_S
        try:
            async with asyncio.timeout(within_s):
                event = await work
        except TimeoutError:
            log.warning("words_not_understood_in_time", seconds=within_s)
            return otherwise
        self._has_worked = True
        return event

    def _respelled(self, event: NoMatch, listen: Listen, today: date | None) -> FlowEvent:
        """What the words of the grammars mean, slips forgiven; ``event`` where it is nothing."""
        if not listen.grammars:
            return event
        active = self._grammars.now(listen.grammars)
        meant: list[Heard] = []
        for near in respell(active.network(), event.text, str(active.language)):
            match = active.match_words(near.words, today)
            if match is None or any(match.semantics == other.semantics for other in meant):
                continue
            sure = NEAR_CONFIDENCE * near.likeness
            meant.append(Heard(match.text, match.semantics, sure, Mode.TEXT, match.grammar))
        if len(meant) > 1:
            return Ambiguous(tuple(heard.text for heard in meant[:MAX_OPTIONS]), event.text)
        return InputMatched(meant[0]) if meant else event

    def _intended(
        self, event: NoMatch, wanted: WantedIntents, mode: Mode, today: date | None
    ) -> FlowEvent:
        try:
            found = self._intents.understand(event.text, wanted.language)
        except ModelError as error:
            log.error("intents_not_understood", problem=str(error))
            return event
        if found is None:
            return event
        requests = list(self._requests(found, wanted, today))
        if not requests:
            return event
        (first, meaning), further = requests[0], requests[1:]
        if further:
            meaning["more"] = [
                {**other, "confidence": round(intent.confidence, 3)} for intent, other in further
            ]
        sure = round(first.confidence, 3)
        return InputMatched(Heard(event.text, meaning, sure, mode, INTENTS_GRAMMAR))

    def _requests(
        self, found: Understanding, wanted: WantedIntents, today: date | None
    ) -> Iterator[tuple[ScoredIntent, dict[str, Json]]]:
        """The intents that count at this question, each with its meaning."""
        for intent in found.intents:
            counts = not wanted.names or intent.name in wanted.names
            if counts and intent.confidence >= wanted.least:
                yield intent, self._meaning(found, intent, wanted, today)

    def _meaning(
        self, found: Understanding, intent: ScoredIntent, wanted: WantedIntents, today: date | None
    ) -> dict[str, Json]:
        known = self._intents.intent(intent.name, wanted.language)
        text = found.text[intent.start : intent.end]
        meaning: dict[str, Json] = {"intent": intent.name, "text": text, "because": intent.because}
        if known.response:
            meaning["response"] = known.response
        for slot, grammar in known.slots.items():
            value = self._value(slot, grammar, found, intent, today) if grammar else None
            if value is not None:
                meaning[slot] = value
        return meaning

    def _value(
        self,
        slot: str,
        grammar: str,
        found: Understanding,
        intent: ScoredIntent,
        today: date | None,
    ) -> Json:
        """A slot's value, from the part of the text that says the intent, else from all of it."""
        for text in (found.text[intent.start : intent.end], found.text):
            try:
                match = spot(self._grammars.named((grammar,)), text, today)
            except GrammarError as error:
                log.warning("slot_not_looked_for", slot=slot, problem=str(error))
                return None
            if match is not None:
                value = match.semantics
                return value.get(slot) if isinstance(value, dict) and slot in value else value
        return None
