"""The question that a form asks now, as an ordinary question; and what it listens for beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from voicebot.flows.commands import FormGrammar, SlotGrammar
from voicebot.flows.expression import holds
from voicebot.flows.form_model import FormSlot
from voicebot.flows.lists import grammar_of
from voicebot.flows.question_model import Confirm
from voicebot.flows.references import Reference, Route
from voicebot.flows.state import OpenForm
from voicebot.flows.steps import AskStep, FormStep
from voicebot.flows.template import Template
from voicebot.types import Json, Language

FORM_GRAMMAR = "form"
"""Name of the grammar that holds sentences about several slots."""


def needed_slots(step: FormStep, variables: Mapping[str, Json]) -> list[FormSlot]:
    """The slots whose condition holds, in the order of the file."""
    return [slot for slot in step.form.values() if slot.if_ is None or holds(slot.if_, variables)]


def as_question(step: FormStep, form: OpenForm, failed: int = 0) -> AskStep:
    """The slot asked for now, or the review, with everything that an ask step has.

    ``failed`` is how often the present question met silence or was not understood: from the first
    time on, and whenever a slot is asked once more, it is asked in other words.
    """
    slot = step.form.get(form.asking)
    ask: tuple[Template, ...] = ()
    confirm: Confirm | None = None
    if slot is not None:
        once_more = failed > 0 or form.asked.count(slot.name) > 1
        ask = slot.again if once_more and slot.again else slot.ask
        if slot.confirm is not None and slot.confirm.ask:
            confirm = Confirm(slot.confirm.ask, None, slot.confirm.grammar, slot.confirm.keys)
    elif step.review is not None:
        ask = step.review.change
        confirm = Confirm(step.review.ask, None, step.review.grammar, step.review.keys)
    return AskStep(
        name=step.name,
        place=step.place,
        bargein=step.bargein,
        ask=ask,
        next=Route({}, step.next),
        grammar=slot.grammar if slot is not None else (),
        keys=slot.keys if slot is not None else {},
        confirm=confirm,
        help=(slot.help if slot is not None else ()) or step.help,
        noinput=slot.noinput if slot is not None else (),
        nomatch=slot.nomatch if slot is not None else (),
        on_trouble=step.on_trouble,
        commands=step.commands,
        timeout_ms=step.timeout_ms,
        completetimeout_ms=step.completetimeout_ms,
        incompletetimeout_ms=step.incompletetimeout_ms,
        maxspeechtimeout_ms=step.maxspeechtimeout_ms,
        interdigittimeout_ms=step.interdigittimeout_ms,
        termchar=step.termchar,
        private=step.private,
        sensitive=_is_sensitive(step, slot),
    )


def _is_sensitive(step: FormStep, slot: FormSlot | None) -> bool:
    """Whether the answer may hold a secret: at its slot and at the review, and anywhere where a
    grammar of the form's own could fill it."""
    if slot is None or step.grammar:
        return step.has_secrets
    return step.hides(slot.name)


def form_grammar(
    step: FormStep, form: OpenForm, variables: Mapping[str, Json], language: Language
) -> FormGrammar:
    """All that may be said about all slots that are needed, the one asked for first; of secret
    ones only that one, for its question alone is guarded."""
    slots = _open(step, needed_slots(step, variables), form.asking)
    return _grammar(slots, form.asking, variables, language)


def _open(step: FormStep, slots: Sequence[FormSlot], asking: str) -> list[FormSlot]:
    return [slot for slot in slots if asking in {"", slot.name} or not step.hides(slot.name)]


def grammars_ahead(step: FormStep, language: Language) -> Iterator[FormGrammar]:
    """The same for every question of the form, as far as it is known before a call.

    With the slots that are always needed, and with all of them; none where a list of the call is
    among their grammars.
    """
    every = list(step.form.values())
    if not all(isinstance(source, Reference) for slot in every for source in slot.grammar):
        return
    always = [slot for slot in every if slot.if_ is None]
    for slots in [always, every] if len(always) < len(every) else [every]:
        for asking in (*(slot.name for slot in slots), *([""] if step.review is not None else [])):
            yield _grammar(_open(step, slots, asking), asking, {}, language)


def _grammar(
    slots: Sequence[FormSlot], asking: str, variables: Mapping[str, Json], language: Language
) -> FormGrammar:
    return FormGrammar(
        tuple(
            SlotGrammar(
                slot.name,
                tuple(grammar_of(source, variables, language) for source in slot.grammar),
                slot.called,
            )
            for slot in sorted(slots, key=lambda slot: slot.name != asking)
        ),
        language,
        FORM_GRAMMAR,
        naming=not asking,
    )
