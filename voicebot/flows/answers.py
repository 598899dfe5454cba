"""Answer steps: what was found in the knowledge is said, and more of it offered.

The search itself is an action of the session (`commands.ANSWER`); here is what becomes of what it
found: an object with ``parts``, the answer in parts of speakable length, none where nothing is
known. Where the step has no way for that, it is as if the question had not been understood.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.flows import forms, global_commands, questions, trouble, understanding
from voicebot.flows.commands import Say
from voicebot.flows.frustration import puzzled
from voicebot.flows.more import ask_for_more, question_before
from voicebot.flows.steps import AnswerStep, FormStep
from voicebot.flows.walk import Walk
from voicebot.types import Heard, Json, Prompt


def found(walk: Walk, step: AnswerStep, value: Json) -> None:
    """The search is over; ``value`` is what it found."""
    found = value if isinstance(value, dict) else {}
    parts = _parts(found)
    if not parts:
        _unknown(walk, step)
        return
    walk.set(article={**found, "parts": parts[1:]})
    walk.state = replace(walk.state, unsettled=None)
    _tell(walk, step, str(parts[0]))


def failed(walk: Walk, step: AnswerStep, problem: str) -> None:
    """The search broke: nothing is known, through no fault of the caller's."""
    walk.set(problem=problem)
    _unknown(walk, step)


def understand(walk: Walk, heard: Heard) -> None:
    """The caller has answered the offer."""
    step = walk.step
    assert isinstance(step, AnswerStep)
    offer = ask_for_more(walk, step)
    command = questions.command_of(walk, offer, heard)
    if command is not None:
        global_commands.obey(walk, offer, command)
        return
    article = walk.state.variables.get("article")
    parts = _parts(article)
    before = question_before(walk)
    walk.state = replace(walk.state, said=())
    if heard.semantics is True and isinstance(article, dict) and parts:
        walk.set(article={**article, "parts": parts[1:]})
        _tell(walk, step, str(parts[0]))
    elif isinstance(heard.semantics, bool):
        questions.leave(walk, step.next.name)
    elif before is not None:
        walk.state = replace(walk.state, frames=before)
        understanding.understand(walk, heard)
    else:
        trouble.nomatch(walk)


def noinput(walk: Walk) -> None:
    """Who says nothing to the offer has heard enough."""
    step = walk.step
    assert isinstance(step, AnswerStep)
    questions.leave(walk, step.next.name)


def _tell(walk: Walk, step: AnswerStep, words: str) -> None:
    """Say one part, and offer the next or go on."""
    prompt = Prompt((words,))
    walk.commands.append(Say(prompt, step.bargein, serves=step.served))
    walk.state = replace(
        walk.state,
        said=(*walk.state.said, prompt),
        served_when_heard=walk.state.served_when_heard or step.served,
    )
    if step.more and _parts(walk.state.variables.get("article")):
        questions.ask(walk, ask_for_more(walk, step))
    else:
        walk.go(step.next.name)
        walk.run()


def _unknown(walk: Walk, step: AnswerStep) -> None:
    walk.set(article=None)
    if step.unknown is not None:
        walk.go(step.unknown.name)
        walk.run()
        return
    asked = question_before(walk)
    if asked is None:
        walk.end(walk.state.outcome_if_hung_up, "nothing is known, and nothing was asked")
        return
    counts = walk.state.unsettled or walk.state.counts
    mood = puzzled(walk.state.mood, counts.in_a_row)
    walk.state = replace(walk.state, frames=asked, counts=counts, mood=mood, said=())
    walk.set(frustration=round(mood.level, 2))
    (forms if isinstance(walk.step, FormStep) else trouble).nomatch(walk)


def _parts(article: Json) -> list[Json]:
    """What is still to be said of an article."""
    parts = article.get("parts") if isinstance(article, dict) else None
    return parts if isinstance(parts, list) else []
