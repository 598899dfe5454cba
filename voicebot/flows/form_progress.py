"""How a form goes on: what is filled before anything is asked, what is asked next, when it is done.

This is VoiceXML 2.1's form interpretation algorithm (see `flows.forms`) without the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicebot.flows import questions
from voicebot.flows.commands import Say
from voicebot.flows.expression import holds
from voicebot.flows.form_model import FormSlot
from voicebot.flows.form_questions import needed_slots
from voicebot.flows.state import Frame, OpenForm, Waiting
from voicebot.flows.steps import FormStep
from voicebot.flows.template import evaluated
from voicebot.flows.walk import MAX_CALLS, Walk
from voicebot.types import Json, Prompt, Value

MAX_ASKED = 30
"""Questions of one form that are remembered."""


def open_form(walk: Walk, step: FormStep) -> bool:
    """Begin a form or come back to it. True where nothing is missing and the walk goes on."""
    _unwind(walk)
    form = walk.open_form_here
    if form is not None:
        if not form.checking:
            walk.say(step.resume, step)
        form = replace(form, checking=False)
        return _go_on(walk, step, form, form.said_back)
    walk.enter(step)
    form = _begin(walk, step)
    return _go_on(walk, step, form, form.said_back)


def _unwind(walk: Walk) -> None:
    """A task that leads to a form under way below it has come back to that form."""
    frames = walk.state.frames
    for form in walk.state.forms:
        if form.at[-1] == frames[-1] and form.at == frames[: len(form.at)]:
            walk.state = replace(walk.state, frames=form.at)
            return


def _begin(walk: Walk, step: FormStep) -> OpenForm:
    """Fill what is known before anything is asked.

    A form that is entered again with no question in between (an action refused a value, the caller
    went back) keeps its values.
    """
    variables = walk.state.variables
    again = bool(walk.state.questions) and walk.state.questions[-1] == walk.state.frames
    values: dict[str, Json] = {}
    for slot in step.form.values():
        value = evaluated(slot.prefill, variables)
        if again or (value is None and slot.carry):
            value = variables.get(slot.name)
        values[slot.name] = value
    walk.set(**values)
    hide(walk, step, values)
    filled = tuple(name for name, value in values.items() if value is not None)
    return OpenForm(
        walk.state.frames,
        said_back=() if again else tuple(name for name in filled if is_said_back(step.form[name])),
    )


def _go_on(walk: Walk, step: FormStep, form: OpenForm, say_back: tuple[str, ...] = ()) -> bool:
    """Confirm what is unsure, then ask for what is missing.

    True where the form is left: complete, stopped, or for a step that looks at a value.
    """
    variables = walk.state.variables
    needed = {slot.name: slot for slot in needed_slots(step, variables)}
    form = replace(
        form,
        unsure=tuple(name for name in form.unsure if name in needed),
        checked=tuple(name for name in form.checked if variables.get(name) is not None),
        said_back=tuple(
            name for name in say_back if variables.get(name) is not None and name in needed
        ),
    )
    walk.put_form(form)
    if _stopped(walk, step):
        return True
    if form.unsure:
        _say_back(walk, step, form.said_back)
        _confirm(walk, replace(form, asking=form.unsure[0]))
        return False
    if _look_at_values(walk, form, needed):
        return True
    missing = next((name for name in needed if variables.get(name) is None), None)
    if missing is not None:
        _say_back(walk, step, form.said_back)
        _ask(walk, form, missing)
        return False
    if step.review is not None and (form.asked or form.said_back):
        _confirm(walk, replace(form, asking=""))
        return False
    _say_back(walk, step, form.said_back)
    complete(walk, step, needed)
    return True


def _stopped(walk: Walk, step: FormStep) -> bool:
    for case in step.stop:
        if holds(case.condition, walk.state.variables):
            _drop(walk)
            walk.go(case.next.name)
            return True
    return False


def _drop(walk: Walk) -> None:
    forms = tuple(form for form in walk.state.forms if form.at != walk.state.frames)
    walk.state = replace(walk.state, forms=forms)


def _look_at_values(walk: Walk, form: OpenForm, needed: Mapping[str, FormSlot]) -> bool:
    """Run the step ``filled`` of the first slot with a value that was not looked at yet."""
    frames = walk.state.frames
    for name, slot in needed.items():
        fresh = name not in form.checked and walk.state.variables.get(name) is not None
        if slot.filled is not None and fresh and len(frames) < MAX_CALLS:
            walk.put_form(replace(form, checked=(*form.checked, name), checking=True))
            frame = Frame(frames[-1].flow, slot.filled.name)
            walk.state = replace(walk.state, frames=(*frames, frame))
            return True
    return False


def _ask(walk: Walk, form: OpenForm, name: str) -> None:
    asked = (*form.asked, name)[-MAX_ASKED:]
    walk.put_form(replace(form, asking=name, asked=asked))
    questions.ask(walk, questions.question(walk))


def _confirm(walk: Walk, form: OpenForm) -> None:
    walk.put_form(form)
    questions.begin(walk)
    confirm = questions.question(walk).confirm
    assert confirm is not None, "only what can be asked back waits to be confirmed"
    questions.ask_to_confirm(walk, confirm)


def _say_back(walk: Walk, step: FormStep, names: tuple[str, ...]) -> None:
    """Say values back in the slots' own words, or plainly where they have none."""
    for name in names:
        confirm = step.form[name].confirm
        value = walk.state.variables.get(name)
        if confirm is not None and confirm.say:
            walk.say(confirm.say, step)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            said = Value(value, secret=walk.is_secret((name,)))
            walk.emit(Say(Prompt((said, ".")), step.bargein))


def complete(walk: Walk, step: FormStep, needed: Mapping[str, FormSlot]) -> None:
    """Give the values of the slots that are ``needed`` to the flow, and leave the form."""
    values: dict[str, Json] = {
        name: walk.state.variables.get(name) if name in needed else None for name in step.form
    }
    walk.set(**values, answer=values)
    if step.store is not None:
        walk.set(**{step.store: values})
    hide(walk, step, values)
    _drop(walk)
    walk.go(step.next.name)


def after_answer(
    walk: Walk, step: FormStep, form: OpenForm, say_back: tuple[str, ...] = ()
) -> None:
    """Go on, with all that follows, now that an answer was taken."""
    if _go_on(walk, step, form, say_back):
        walk.run()


def clear_counts(walk: Walk) -> None:
    """An answer: what led here is done, and the caller was understood."""
    counts = walk.state.counts.answered()
    walk.state = replace(walk.state, counts=counts, said=(), waiting=Waiting.INPUT)


def hide(walk: Walk, step: FormStep, values: Mapping[str, Json]) -> None:
    """Let the secret ones among the values of slots be secrets, wherever they stand."""
    hidden = [name for name, value in values.items() if value is not None and step.hides(name)]
    for name in hidden:
        walk.hide((name,), ("answer", name), *([(step.store, name)] if step.store else []))


def is_said_back(slot: FormSlot) -> bool:
    """Whether the slot has words that say its value back."""
    return slot.confirm is not None and bool(slot.confirm.say)
