"""Requests in callers' own words: several in one breath, of which the first is served.

'Cancel my order, and when do you open?' The others wait in the variable ``waiting``. The next
question that could have been answered with one of them is not asked: the request is its answer.
Left out on purpose: choosing what is served first. Callers name first what matters to them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from voicebot.flows.commands import WantedIntents
from voicebot.flows.events import INTENTS_GRAMMAR
from voicebot.flows.steps import AskStep, FormStep
from voicebot.flows.walk import Walk
from voicebot.types import Heard, Json, Language, Mode

MORE: Final = "more"
WAITING: Final = "waiting"

MAX_WAITING: Final = 6
"""Requests that wait at most; what is said beyond them the caller has to say again."""

SURE_ENOUGH_TO_LEAVE: Final = 0.6
"""Confidence that an intent must have to lead away from a form: most of what is not understood
there is a value said in unexpected words."""


def is_intent(heard: Heard | None) -> bool:
    """Whether these words were understood as an intent."""
    return heard is not None and heard.grammar == INTENTS_GRAMMAR


def leading_aside(form: FormStep, language: Language) -> WantedIntents | None:
    """The intents that callers may leave a form for."""
    if form.aside is None or not form.aside.intents:
        return None
    return WantedIntents(language, tuple(form.aside.steps), SURE_ENOUGH_TO_LEAVE)


def servable(step: AskStep, heard: Heard) -> Heard:
    """``heard`` without the requests that lead nowhere from this question."""
    if not is_intent(heard):
        return heard
    every = (heard, *_further(heard))
    led = [each for each in every if step.next.target(each.semantics) is not None]
    if not led or len(led) == len(every):
        return heard
    meaning = _object(led[0])
    if len(led) > 1:
        meaning[MORE] = [_as_waiting(each) for each in led[1:]]
    return replace(led[0], semantics=meaning)


def remember(walk: Walk, heard: Heard) -> Json:
    """Let what else was asked for wait; gives the meaning of what is served now."""
    if not is_intent(heard):
        return heard.semantics
    meaning = _object(heard)
    waits = [*_waiting(walk), *map(_as_waiting, _further(heard))]
    _wait(walk, [each for each in waits if each.get("intent") != meaning.get("intent")])
    return meaning


def take(walk: Walk, step: AskStep) -> Heard | None:
    """The first request that waits and that answers this question; it waits no longer."""
    if step.intents is None:
        return None
    only = {reference.name for reference in step.intents.only}
    waits = _waiting(walk)
    for place, each in enumerate(waits):
        if step.next.target(each) is not None and (not only or each.get("intent") in only):
            _wait(walk, [*waits[:place], *waits[place + 1 :]])
            return _as_heard(each, Mode.TEXT)
    return None


def _waiting(walk: Walk) -> list[dict[str, Json]]:
    found = walk.state.variables.get(WAITING)
    return _objects(found)


def _wait(walk: Walk, requests: list[dict[str, Json]]) -> None:
    if requests or walk.state.variables.get(WAITING):
        walk.set(waiting=list(requests[:MAX_WAITING]))


def _further(heard: Heard) -> list[Heard]:
    meaning = heard.semantics
    more = meaning.get(MORE) if isinstance(meaning, dict) else None
    return [_as_heard(each, heard.mode) for each in _objects(more)]


def _objects(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(heard: Heard) -> dict[str, Json]:
    """The meaning of one request alone."""
    meaning = heard.semantics
    assert isinstance(meaning, dict), "an intent means an object"
    return {key: value for key, value in meaning.items() if key != MORE}


def _as_heard(request: dict[str, Json], mode: Mode) -> Heard:
    meaning = dict(request)
    text, confidence = meaning.get("text", ""), meaning.pop("confidence", 1.0)
    sure = confidence if isinstance(confidence, int | float) else 1.0
    return Heard(str(text), meaning, sure, mode, INTENTS_GRAMMAR)


def _as_waiting(heard: Heard) -> dict[str, Json]:
    return {"text": heard.text, **_object(heard), "confidence": heard.confidence}
