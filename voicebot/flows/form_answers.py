"""What an answer says about the slots of a form, and what it changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from voicebot.flows.form_questions import FORM_GRAMMAR
from voicebot.flows.references import ListSource, Reference
from voicebot.flows.state import OpenForm
from voicebot.flows.steps import FormStep
from voicebot.types import Heard, Json


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """What one utterance says about the slots. ``corrected``: the caller objected to something."""

    filled: Mapping[str, Json] = field(default_factory=dict)
    denied: Mapping[str, Json] = field(default_factory=dict)
    corrected: bool = False


def read_answer(step: FormStep, form: OpenForm, heard: Heard) -> FormAnswer:
    """What ``heard`` says about the slots: by the form's own grammar, by one that belongs to no
    slot, or as the answer to the question that was asked."""
    meaning = heard.semantics
    if heard.grammar == FORM_GRAMMAR and isinstance(meaning, dict):
        filled: dict[str, Json] = {}
        for name, value in _object(meaning.get("filled")).items():
            filled |= _spread(step, name, value)
        denied: dict[str, Json] = {}
        for name, value in _object(meaning.get("denied")).items():
            denied |= {name: None} if value is None else _spread(step, name, value)
        return FormAnswer(filled, denied, meaning.get("corrected") is True)
    asked = step.form.get(form.asking)
    others = (*step.grammar, *(step.aside.grammar if step.aside is not None else ()))
    if heard.grammar in names_of(others) - names_of(asked.grammar if asked is not None else ()):
        return FormAnswer(_spread(step, "", meaning))
    return FormAnswer(_spread(step, form.asking, meaning))


def names_of(grammars: tuple[Reference | ListSource, ...]) -> set[str]:
    """The names of the grammars that are files or built in."""
    return {source.name for source in grammars if isinstance(source, Reference)}


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _spread(step: FormStep, name: str, meaning: Json) -> dict[str, Json]:
    """The slots that a meaning fills: those that an object names, else the one it was said for."""
    if isinstance(meaning, dict):
        named = {key: value for key, value in meaning.items() if key in step.form}
        if named:
            return {key: value for key, value in named.items() if value is not None}
    return {name: meaning} if name in step.form and meaning is not None else {}


def filled_in(
    step: FormStep,
    form: OpenForm,
    values: Mapping[str, Json],
    changed: set[str],
    confidence: float,
) -> tuple[OpenForm, tuple[str, ...]]:
    """The form with these values, and which of them are to be said back."""
    unsure = [name for name in form.unsure if name not in values]
    say_back: list[str] = []
    for name in values:
        confirm = step.form[name].confirm
        if name in form.unsure and name not in changed:
            continue  # said a second time: that is a yes
        if confirm is not None and confirm.wants_question(confidence):
            unsure.append(name)
        elif name in changed or (confirm is not None and confirm.wants_saying(confidence)):
            say_back.append(name)
    checked = tuple(name for name in form.checked if name not in changed)
    return replace(form, unsure=tuple(unsure), checked=checked), tuple(say_back)


def unfilled(form: OpenForm, names: set[str]) -> OpenForm:
    """The variables of these slots have been set to null."""
    return replace(
        form,
        unsure=tuple(name for name in form.unsure if name not in names),
        checked=tuple(name for name in form.checked if name not in names),
    )
