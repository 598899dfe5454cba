"""What stands in a step, whatever its kind: its prompts, its grammars, how it asks back."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.document import Place
from voicebot.flows.question_model import Confirm
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.steps import (
    ActStep,
    AnswerStep,
    AskStep,
    FormStep,
    OfferStep,
    Step,
    TransferStep,
)
from voicebot.flows.template import Template


def step_templates(step: Step) -> Iterator[Template]:
    """Every prompt of a step."""
    yield from step.say
    if isinstance(step, AskStep):
        yield from (*step.ask, *step.noinput, *step.nomatch, *step.help)
        yield from (words for confirm in step_confirms(step) for words in confirm.ask)
        yield from step.intents.further if step.intents is not None else ()
    if isinstance(step, FormStep):
        yield from _form_templates(step)
    if isinstance(step, OfferStep):
        yield from (*step.offer_text, *step.noinput, *step.nomatch, *step.help)
        if step.number is not None:
            yield from (*step.number.ask, *step.number.other, *step.number.confirm)
    if isinstance(step, ActStep) and step.filler is not None:
        yield step.filler
    if isinstance(step, AnswerStep):
        yield from step.more
    if isinstance(step, TransferStep):
        yield from (*step.while_waiting.say, *step.whisper)
        yield from step.while_waiting.offer.templates() if step.while_waiting.offer else ()


def _form_templates(step: FormStep) -> Iterator[Template]:
    yield from (*step.corrected, *step.resume, *step.help)
    if step.review is not None:
        yield from (*step.review.ask, *step.review.change)
    for slot in step.form.values():
        yield from (*slot.ask, *slot.again, *slot.help, *slot.noinput, *slot.nomatch)
        if slot.confirm is not None:
            yield from (*slot.confirm.ask, *slot.confirm.say)


def step_confirms(step: AskStep) -> Iterator[Confirm]:
    """The ways in which a question asks back."""
    if step.confirm is not None:
        yield step.confirm
    if step.intents is not None and step.intents.confirm is not None:
        yield step.intents.confirm


def listens_for_intents(step: Step) -> Place | None:
    """Where it is written that a step understands intents; None where it does not."""
    if isinstance(step, AskStep) and step.intents is not None:
        return step.intents.place
    if isinstance(step, FormStep) and step.aside is not None and step.aside.intents:
        return step.place
    return None


def step_grammars(step: Step) -> Iterator[Reference | ListSource]:
    """Every grammar that a step listens with, those of its confirmations included."""
    if isinstance(step, AskStep):
        yield from step.grammar
        yield from (confirm.grammar for confirm in step_confirms(step))
    if isinstance(step, AnswerStep) and step.more:
        yield step.grammar
    if isinstance(step, OfferStep):
        yield step.grammar
        if step.number is not None and step.number.other:
            yield step.number.grammar
    if isinstance(step, TransferStep) and (meanwhile := step.while_waiting.offer) is not None:
        yield from (*meanwhile.grammar, *([meanwhile.boolean] if meanwhile.still else []))
    if isinstance(step, FormStep):
        yield from (*step.grammar, *(step.aside.grammar if step.aside is not None else ()))
        if step.review is not None:
            yield step.review.grammar
        for slot in step.form.values():
            yield from slot.grammar
            if slot.confirm is not None:
                yield slot.confirm.grammar
