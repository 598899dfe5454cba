"""The question of an answer step: whether the caller wants to hear more."""

from __future__ import annotations

from voicebot.flows.model import AnswerStep, AskStep, Reference, Route


def offer_grammar(step: AnswerStep) -> Reference:
    """The grammar of yes and no."""
    return step.grammar or Reference("builtin:boolean", step.place)


def as_offer(step: AnswerStep) -> AskStep:
    """The offer as a question, for asking it again and for global commands."""
    return AskStep(
        name=step.name,
        place=step.place,
        bargein=step.bargein,
        ask=step.more,
        grammar=(offer_grammar(step),),
        keys=step.keys,
        next=Route({}, step.next),
    )
