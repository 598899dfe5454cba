"""The question of an answer step: whether the caller wants to hear more.

Callers who have heard enough often just say what they want next. So the offer also understands what
the question before it did, but for free words: those are asked about again, as most of what is not
understood there is a yes or no.
"""

from __future__ import annotations

from voicebot.flows.localisation import grammar_name
from voicebot.flows.model import AnswerStep, AskStep, Reference, Route
from voicebot.flows.state import Frame
from voicebot.flows.walk import Walk
from voicebot.types import Language


def offer_grammar(step: AnswerStep, language: Language) -> Reference:
    """The grammar of yes and no, in the language of the flow."""
    name = grammar_name("builtin:boolean", language, translated=False)
    return step.grammar or Reference(name, step.place)


def as_offer(step: AnswerStep, language: Language, before: AskStep | None = None) -> AskStep:
    """The offer as a question, for asking it again and for global commands. ``before`` is the
    question that it may be answered with as well."""
    return AskStep(
        name=step.name,
        place=step.place,
        bargein=step.bargein,
        ask=step.more,
        grammar=(offer_grammar(step, language), *(before.grammar if before is not None else ())),
        intents=before.intents if before is not None else None,
        keys=step.keys,
        next=Route({}, step.next),
    )


def question_before(walk: Walk) -> tuple[Frame, ...] | None:
    """Where the caller was asked what an answer step answers; None where nothing was asked."""
    return next(
        (frames for frames in reversed(walk.state.questions) if not _is_offer(walk, frames)), None
    )


def offered(walk: Walk, step: AnswerStep) -> AskStep:
    """The offer of ``step`` as a question of this walk."""
    frames = question_before(walk)
    asked = walk.flows[frames[-1].flow].steps[frames[-1].step] if frames else None
    return as_offer(step, walk.flow.language, asked if isinstance(asked, AskStep) else None)


def _is_offer(walk: Walk, frames: tuple[Frame, ...]) -> bool:
    return isinstance(walk.flows[frames[-1].flow].steps[frames[-1].step], AnswerStep)
