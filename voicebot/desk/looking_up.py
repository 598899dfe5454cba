"""Looks up the articles that may help an agent, by what the caller said or wrote last.

Finding them takes a while, and nobody waits for it: by then the contact may be elsewhere, so who is
told is asked for at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from voicebot.desk.desk import Desk
from voicebot.desk.services import Suggest, Suggestion
from voicebot.grammar.words import is_unparted, normalise_words
from voicebot.types import Language

_WORD: Final = 4
_CHARACTER: Final = 3
_ENOUGH: Final = 12
"""Three words, or four characters of a script that writes no spaces: 怎么退货 is a question."""


class LookingUp:
    """``suggest`` finds articles."""

    def __init__(self, suggest: Suggest) -> None:
        self._suggest = suggest
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(
        self,
        contact_id: str,
        language: Language,
        question: str,
        desks: Callable[[], Sequence[Desk]],
    ) -> None:
        """Look up what fits ``question``, and tell the ``desks`` that have the contact then."""
        if not says_enough(question):
            return

        async def look_up() -> None:
            found = suggested(question, await self._suggest(language, question))
            for desk in desks():
                desk.tell({"type": "suggestions", "contact": contact_id, **found})

        task = asyncio.create_task(look_up())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up what is being looked up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def says_enough(sentence: str) -> bool:
    """Whether an article can be looked up for it: fewer words say too little."""
    words = normalise_words(sentence)
    return sum(_CHARACTER if is_unparted(word) else _WORD for word in words) >= _ENOUGH


def suggested(question: str, found: Sequence[Suggestion]) -> dict[str, Any]:
    """What was found for a question, as pages show it."""
    articles = [
        {"title": each.title, "text": each.text, "confidence": round(each.confidence, 2)}
        for each in found
    ]
    return {"question": question, "articles": articles}
