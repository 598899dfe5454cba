"""What the question before understands, where a step offers something.

Callers whom an answer step offers more, or an offer step text, often just say what they want next.
So these offers also understand what the question before them did, but for free words: those are
asked about again, as most of what is not understood there is a yes or no. A sensitive question is
asked by its own step alone.
"""

from __future__ import annotations

from voicebot.flows.references import Route
from voicebot.flows.state import Frame
from voicebot.flows.steps import AnswerStep, AskStep, OfferStep, Step
from voicebot.flows.walk import Walk


def ask_for_more(walk: Walk, step: AnswerStep) -> AskStep:
    """The offer as a question of this walk, for asking it again and for global commands."""
    before = asked_at(walk, question_before(walk))
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


def last_request(walk: Walk) -> tuple[Frame, ...] | None:
    """Where the caller was last asked for something in a flow that is still under way, forms passed
    over: what they may say instead of a yes or no. None where nothing was asked."""
    here = walk.state.frames
    for frames in reversed(walk.state.questions):
        if frames[:-1] == here[: len(frames) - 1] and asked_at(walk, frames) is not None:
            return frames
    return None


def asked_at(walk: Walk, frames: tuple[Frame, ...] | None) -> AskStep | None:
    """The question that was asked there, where its answers may be given elsewhere too."""
    step = _step(walk, frames) if frames else None
    return step if isinstance(step, AskStep) and not step.sensitive else None


def _is_offer(walk: Walk, frames: tuple[Frame, ...]) -> bool:
    return isinstance(_step(walk, frames), AnswerStep | OfferStep)


def _step(walk: Walk, frames: tuple[Frame, ...]) -> Step:
    return walk.flows[frames[-1].flow].steps[frames[-1].step]
