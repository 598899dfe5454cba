"""The grammar of a listen: files by name, lists that are made for the call, and forms.

Files are compiled before the first call. A list comes with the call and is compiled in a thread
while the question is being said; one thread for all calls, so that long lists queue up behind each
other and not in front of the audio. A list that takes too long is left out: the caller can
still use keys and the other grammars of the question. The grammar of a form joins those of its
slots; one without lists is compiled once for each question of the form and then kept.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeAlias

import structlog

from voicebot.flows.commands import FormGrammar, ListGrammar
from voicebot.flows.events import Ambiguous, FlowEvent, InputMatched, NoMatch
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.form import SlotPart, compile_form, no_keys
from voicebot.grammar.near import Pronounce, nearest
from voicebot.grammar.phrases import Phrase, compile_phrases
from voicebot.grammar.store import GrammarStore
from voicebot.types import Heard, Json, Language, Mode

log = structlog.get_logger(__name__)

LIST_TIMEOUT_S = 5.0
"""The longest that a listen waits for its lists."""

KEPT_FORMS = 64
"""Compiled forms without lists that are kept; the one used longest ago goes first."""

NEAR_CONFIDENCE = 0.8
"""Confidence in an item that was said or typed almost right, times its likeness."""

MAX_OPTIONS = 3
"""Items that a caller is asked to choose from."""

Wanted: TypeAlias = Sequence[str | ListGrammar | FormGrammar]


class ListenGrammars:
    """Gives the grammars of `Listen` as one; shared by all calls.

    ``executor`` compiles the lists, a thread of its own if left out.
    """

    def __init__(
        self,
        store: GrammarStore,
        timeout_s: float = LIST_TIMEOUT_S,
        executor: Executor | None = None,
        pronounce: Callable[[Language], Pronounce | None] = lambda language: None,
    ) -> None:
        """``pronounce`` gives how words of a language sound, None where nobody knows."""
        self._store = store
        self._timeout_s = timeout_s
        self._pronounce = pronounce
        self._forms: OrderedDict[FormGrammar, CompiledGrammar | None] = OrderedDict()
        self._named: dict[tuple[str, ...], ActiveGrammar] = {}
        self._lock = threading.Lock()
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="lists")

    async def active(self, wanted: Wanted) -> ActiveGrammar:
        """Give these grammars, lists compiled away from the event loop.

        Raises GrammarError for a named grammar that cannot be used, never for a list.
        """
        names = _names(wanted)
        if len(names) == len(wanted):
            return self.named(names)
        work = asyncio.get_running_loop().run_in_executor(self._executor, self.now, wanted)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await work
        except TimeoutError:
            log.warning("list_left_out", problem=f"not compiled in {self._timeout_s} s")
            return self.named(names)

    def now(self, wanted: Wanted) -> ActiveGrammar:
        """The same, at once and on this thread."""
        names = _names(wanted)
        if len(names) == len(wanted):
            return self.named(names)
        parts: list[str | tuple[str, CompiledGrammar]] = []
        for each in wanted:
            if isinstance(each, str):
                parts.append(each)
            elif isinstance(each, ListGrammar):
                parts.append((each.name, _compile(each)))
            elif (form := self._form(each)) is not None:
                # Keys answer the question that is asked, and no other.
                parts += [(each.name, form), (each.name, no_keys())]
        active = self._store.active(parts or [_nothing()])
        active.make_ready()
        return active

    async def nearest(self, wanted: Wanted, event: NoMatch) -> FlowEvent:
        """Look for what was not understood among the lists that take near misses, away from the
        event loop; gives ``event`` back where nothing is near."""
        if not event.text or not any(
            isinstance(each, ListGrammar) and each.near for each in wanted
        ):
            return event
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._executor, self.nearest_now, wanted, event, Mode.SPEECH)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await work
        except TimeoutError:
            return event

    def nearest_now(self, wanted: Wanted, event: NoMatch, mode: Mode) -> FlowEvent:
        """The same, at once and on this thread."""
        for each in wanted:
            if isinstance(each, ListGrammar) and each.near:
                found = _nearest(each, event.text, self._pronounce(each.language))
                if len(found) > 1:
                    return Ambiguous(tuple(item for item, _, _ in found), event.text)
                if found:
                    item, meaning, likeness = found[0]
                    sure = NEAR_CONFIDENCE * likeness
                    return InputMatched(Heard(item, meaning, sure, mode, each.name))
        return event

    def _form(self, form: FormGrammar) -> CompiledGrammar | None:
        """Compile a form, or give what was compiled; a form with lists is always compiled."""
        fixed = all(isinstance(part, str) for slot in form.slots for part in slot.grammars)
        if not fixed:
            return self._compile_form(form)
        with self._lock:
            if form not in self._forms:
                self._forms[form] = self._compile_form(form)
            self._forms.move_to_end(form)
            if len(self._forms) > KEPT_FORMS:
                self._forms.popitem(last=False)
            return self._forms[form]

    def _compile_form(self, form: FormGrammar) -> CompiledGrammar | None:
        slots = [
            SlotPart(
                slot.name,
                tuple(
                    self._store.load(part) if isinstance(part, str) else _compile(part)
                    for part in slot.grammars
                ),
                slot.called,
            )
            for slot in form.slots
        ]
        return compile_form(slots, form.language, naming=form.naming)

    def named(self, names: tuple[str, ...]) -> ActiveGrammar:
        """Give grammars by name. Files are looked at once. Raises GrammarError."""
        known = self._named.get(names)
        if known is None:
            known = self._named[names] = self._store.active(names or [_nothing()])
        return known

    def close(self) -> None:
        """Compile no more."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def _nearest(
    source: ListGrammar, text: str, pronounce: Pronounce | None
) -> list[tuple[str, Json, float]]:
    """Items, what they mean, and how like they are; of several with one meaning the best."""
    found: list[tuple[str, Json, float]] = []
    for near in nearest(text, [item for item, _ in source.items], pronounce):
        item, meaning = source.items[near.place]
        if all(meaning != known for _, known, _ in found):
            found.append((item, meaning, near.likeness))
    return found[:MAX_OPTIONS]


def _names(wanted: Wanted) -> tuple[str, ...]:
    return tuple(each for each in wanted if isinstance(each, str))


def _nothing() -> tuple[str, CompiledGrammar]:
    """A grammar that holds nothing, for a question that is answered by keys alone."""
    return "nothing", compile_phrases([], Language("en-US")).grammar


def _compile(source: ListGrammar) -> CompiledGrammar:
    phrases = [Phrase(text, meaning) for text, meaning in source.items]
    result = compile_phrases(phrases, source.language, source.name)
    # Never the items themselves: they may be names of people.
    if result.unspeakable:
        places = [place + 1 for place in result.unspeakable[:5]]
        log.warning("items_unspeakable", count=len(result.unspeakable), first=places)
    if result.dropped:
        log.warning("list_too_long", items=len(phrases), dropped=result.dropped)
    return result.grammar
