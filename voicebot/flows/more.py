"""The question of an answer step: whether the caller wants to hear more.

Callers who have heard enough often just say what they want next. So this offer also understands
what the question before it did, but for free words: those are asked about again, as most of what is
not understood there is a yes or no.
"""

from __future__ import annotations

from voicebot.flows.references import Route
from voicebot.flows.state import Frame
from voicebot.flows.steps import AnswerStep, AskStep, OfferStep
from voicebot.flows.walk import Walk


def ask_for_more(walk: Walk, step: AnswerStep) -> AskStep:
    """The offer as a question of this walk, for asking it again and for global commands."""
    frames = question_before(walk)
    asked = walk.flows[frames[-1].flow].steps[frames[-1].step] if frames else None
    before = asked if isinstance(asked, AskStep) else None
    return AskStep(
        name=step.name,
        place=step.place,
        bargein=step.bargein,
        ask=step.more,
        grammar=(step.grammar, *(before.grammar if before is not None else ())),
        intents=before.intents if before is not None else None,
        keys=step.keys,
        next=Route({}, step.next),
    )


def question_before(walk: Walk) -> tuple[Frame, ...] | None:
    """Where the caller was asked what an answer step answers; None where nothing was asked."""
    return next(
        (frames for frames in reversed(walk.state.questions) if not _is_offer(walk, frames)), None
    )


def _is_offer(walk: Walk, frames: tuple[Frame, ...]) -> bool:
    step = walk.flows[frames[-1].flow].steps[frames[-1].step]
    return isinstance(step, AnswerStep | OfferStep)
