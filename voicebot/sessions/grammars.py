"""The grammar of a listen: files by name, and lists that are made for the call.

Files are compiled before the first call. A list comes with the call and is compiled in a thread
while the question is being said; one thread for all calls, so that long lists queue up behind each
other and not in front of the audio. A list that takes too long is left out: the caller can
still use keys and the other grammars of the question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeAlias

import structlog

from voicebot.flows.commands import ListGrammar
from voicebot.grammar.active import ActiveGrammar
from voicebot.grammar.compiled import CompiledGrammar
from voicebot.grammar.phrases import Phrase, compile_phrases
from voicebot.grammar.store import GrammarStore
from voicebot.types import Language

log = structlog.get_logger(__name__)

LIST_TIMEOUT_S = 5.0
"""The longest that a listen waits for its lists."""

Wanted: TypeAlias = Sequence[str | ListGrammar]


class ListenGrammars:
    """Gives the grammars of `Listen` as one; shared by all calls.

    ``executor`` compiles the lists, a thread of its own if left out.
    """

    def __init__(
        self,
        store: GrammarStore,
        timeout_s: float = LIST_TIMEOUT_S,
        executor: Executor | None = None,
    ) -> None:
        self._store = store
        self._timeout_s = timeout_s
        self._named: dict[tuple[str, ...], ActiveGrammar] = {}
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
            else:
                parts.append((each.name, _compile(each)))
        active = self._store.active(parts or [_nothing()])
        active.make_ready()
        return active

    def named(self, names: tuple[str, ...]) -> ActiveGrammar:
        """Give grammars by name. Files are looked at once. Raises GrammarError."""
        known = self._named.get(names)
        if known is None:
            known = self._named[names] = self._store.active(names or [_nothing()])
        return known

    def close(self) -> None:
        """Compile no more."""
        self._executor.shutdown(wait=False, cancel_futures=True)


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
