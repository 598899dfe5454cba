"""The question of an answer step: whether the caller wants to hear more."""

from __future__ import annotations

from voicebot.flows.model import AnswerStep, AskStep, Route


def ask_for_more(step: AnswerStep) -> AskStep:
    """The offer to tell more as a question, for asking it again and for global commands."""
    return AskStep(
        name=step.name,
        place=step.place,
        bargein=step.bargein,
        ask=step.more,
        grammar=(step.grammar,),
        keys=step.keys,
        next=Route({}, step.next),
    )
