"""The search of answer steps, carried out away from the event loop.

To a session it is one more action; a channel that runs actions through `with_knowledge` can answer
questions without knowing of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final, TypeAlias

from voicebot.action_result import ActionResult
from voicebot.errors import ActionError, ModelError
from voicebot.events import QuestionUnanswered
from voicebot.flows.commands import ANSWER
from voicebot.flows.model import FlowSet
from voicebot.flows.steps import AnswerStep
from voicebot.nlu.articles import Article
from voicebot.nlu.knowledge import Found, Library
from voicebot.personal_numbers import masked
from voicebot.types import CallId, Json, Language, Prompt

TIMEOUT_S: Final = 5.0
"""The longest that a caller waits for an answer; it takes milliseconds where nothing is amiss."""

Act: TypeAlias = Callable[[str, Mapping[str, Json]], Awaitable[Json]]
"""Runs an action by its name with its arguments; raises ActionError."""


def with_knowledge(
    act: Act, library: Library
) -> Callable[[str, Mapping[str, Json]], Coroutine[Any, Any, Json]]:
    """``act``, and the search in ``library`` as the action `ANSWER`."""

    async def run(name: str, arguments: Mapping[str, Json]) -> Json:
        if name != ANSWER:
            return await act(name, arguments)
        return await look_up(library, arguments)

    return run


async def look_up(library: Library, arguments: Mapping[str, Json]) -> Json:
    """Find the answer to ``arguments["question"]``: an object as `flows.commands.ANSWER` says.

    Raises ActionError where the search breaks or takes too long.
    """
    question = str(arguments.get("question") or "")
    language = Language(str(arguments.get("language") or ""))
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            best = await loop.run_in_executor(_searcher(), _best, library, question, language)
    except TimeoutError:
        problem = f"took longer than {TIMEOUT_S:g} s"
        raise ActionError(ANSWER, problem, ActionResult.TIMED_OUT) from None
    except ModelError as error:
        raise ActionError(ANSWER, str(error)) from None
    return as_json(best)


async def articles_for(
    library: Library, question: str, language: Language, few: int = 3
) -> list[Found]:
    """The likeliest articles for a sentence, best first: for a person to choose from.

    Raises ModelError, and TimeoutError where it takes too long.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(TIMEOUT_S):
        return await loop.run_in_executor(_searcher(), _few, library, question, language, few)


def as_json(best: Found | None) -> Json:
    """What a search found; ``parts`` only of an article that is sure enough."""
    if best is None:
        return {"parts": []}
    return {
        "name": best.article.name,
        "question": best.article.questions[0].text,
        "confidence": round(best.confidence, 3),
        "parts": list(best.article.parts) if best.answers else [],
    }


def answers_said(flows: FlowSet, articles: Iterable[Article]) -> list[tuple[Prompt, Language]]:
    """Every part of every answer that a flow may give, for rendering ahead of time."""
    steps = (step for flow in flows for step in flow.steps.values())
    if not any(isinstance(step, AnswerStep) for step in steps):
        return []
    return [(Prompt((part,)), article.language) for article in articles for part in article.parts]


def unanswered(
    call_id: CallId, at: float, arguments: Mapping[str, Json], found: Json
) -> QuestionUnanswered | None:
    """The gap in the knowledge that a search found, if any: ``arguments`` and ``found`` are as in
    `flows.commands.ANSWER`, ``at`` is UTC epoch seconds."""
    found = found if isinstance(found, dict) else {}
    if found.get("parts"):
        return None
    return QuestionUnanswered(
        call_id,
        at,
        Language(str(arguments.get("language") or "")),
        masked(str(arguments.get("question") or "")),
        str(found.get("name") or ""),
        float(str(found.get("confidence") or 0.0)),
    )


def _best(library: Library, question: str, language: Language) -> Found | None:
    found = _few(library, question, language, 1)
    return found[0] if found else None


def _few(library: Library, question: str, language: Language, few: int) -> list[Found]:
    base = library.base(language)
    return base.best(question, few) if base is not None else []


@cache
def _searcher() -> ThreadPoolExecutor:
    """One thread for all calls: searches queue up behind each other, not in front of the audio."""
    return ThreadPoolExecutor(1, thread_name_prefix="knowledge")
