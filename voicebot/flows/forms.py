"""Forms: several things to know, asked for one by one, given in any order.

The standard is VoiceXML 2.1's form interpretation algorithm (2.0, appendix C): choose the first
slot that is missing and whose condition holds, ask and listen, fill what was said, begin again.
Beyond it, all slots are open at every question, not only the one asked for; a value may be
corrected at any time and is then said back; confirming goes by confidence; and a caller may leave
for another task, which returns here. Left out: VoiceXML's initial item (a question before the
slots' own is a form-level grammar and the first slot's wording), subdialogs as form items (a call
step does that) and ``<filled>`` handlers (the step that follows branches).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicebot.flows import questions, requests
from voicebot.flows.commands import Say
from voicebot.flows.expression import holds
from voicebot.flows.form_answers import FormAnswer, filled_in, names_of, read_answer, unfilled
from voicebot.flows.form_model import DEFAULT_AFTER, FormSlot
from voicebot.flows.form_questions import needed_slots
from voicebot.flows.references import Route
from voicebot.flows.requests import is_intent
from voicebot.flows.state import Frame, OpenForm, Waiting
from voicebot.flows.steps import FormStep
from voicebot.flows.template import Template
from voicebot.flows.walk import MAX_CALLS, Walk
from voicebot.types import Heard, Json, Prompt, Value

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


def understand(walk: Walk, heard: Heard) -> None:
    """Take what the caller said: a command, another task, a yes or no, or values."""
    step, form = _step(walk), walk.form
    view = questions.question(walk)
    command = questions.command_of(walk, view, heard)
    aside = _aside(step, heard, command)
    if aside is not None:
        _leave_for_a_while(walk, aside, heard)
    elif is_intent(heard):
        nomatch(walk)
    elif command == "back" and _can_step_back(walk, form):
        _step_back(walk, step, form)
    elif command is not None:
        questions.obey(walk, view, command)
    elif walk.state.waiting is Waiting.CONFIRMATION and isinstance(heard.semantics, bool):
        _confirmed(walk, step, form, heard.semantics)
    else:
        _take(walk, step, form, read_answer(step, form, heard), heard.confidence)


def noinput(walk: Walk) -> None:
    """The caller was silent: the slot's default after some times, else as at any question."""
    if not _take_default(walk):
        questions.noinput(walk)


def nomatch(walk: Walk) -> None:
    """The same for words that are no answer."""
    if not _take_default(walk):
        questions.nomatch(walk)


def _step(walk: Walk) -> FormStep:
    step = walk.step
    assert isinstance(step, FormStep)
    return step


# Beginning and going on


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
        value = _evaluate(slot.prefill, variables)
        if again or (value is None and slot.carry):
            value = variables.get(slot.name)
        values[slot.name] = value
    walk.set(**values)
    _hide(walk, step, values)
    filled = tuple(name for name, value in values.items() if value is not None)
    return OpenForm(
        walk.state.frames,
        said_back=() if again else tuple(name for name in filled if _is_said_back(step.form[name])),
    )


def _hide(walk: Walk, step: FormStep, values: Mapping[str, Json]) -> None:
    """Let the secret ones among the values of slots be secrets, wherever they stand."""
    hidden = [name for name, value in values.items() if value is not None and step.hides(name)]
    for name in hidden:
        walk.hide((name,), ("answer", name), *([(step.store, name)] if step.store else []))


def _is_said_back(slot: FormSlot) -> bool:
    return slot.confirm is not None and bool(slot.confirm.say)


def _evaluate(value: Template | Json, variables: Mapping[str, Json]) -> Json:
    return value.value(variables) if isinstance(value, Template) else value


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
    _complete(walk, step, needed)
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


def _complete(walk: Walk, step: FormStep, needed: Mapping[str, FormSlot]) -> None:
    values: dict[str, Json] = {
        name: walk.state.variables.get(name) if name in needed else None for name in step.form
    }
    walk.set(**values, answer=values)
    if step.store is not None:
        walk.set(**{step.store: values})
    _hide(walk, step, values)
    _drop(walk)
    walk.go(step.next.name)


# What was said


def _take(
    walk: Walk, step: FormStep, form: OpenForm, answer: FormAnswer, confidence: float
) -> None:
    """Fill and unfill slots, and go on; a nomatch where that changes nothing."""
    variables = walk.state.variables
    denied = dict(answer.denied)
    if answer.corrected and not answer.filled and not denied:
        if walk.state.waiting is Waiting.CONFIRMATION:
            _confirmed(walk, step, form, False)
            return
        denied = dict.fromkeys(form.said_back)
    wrong = {
        name
        for name, value in denied.items()
        if variables.get(name) is not None and value in (None, variables.get(name))
    } - set(answer.filled)
    if not answer.filled and not wrong:
        nomatch(walk)
        return
    changed = {
        name
        for name, value in answer.filled.items()
        if variables.get(name) is not None and value != variables.get(name)
    }
    form, say_back = filled_in(step, form, answer.filled, changed, confidence)
    walk.set(**answer.filled, **dict.fromkeys(wrong), answer=dict(answer.filled))
    _hide(walk, step, answer.filled)
    form = unfilled(form, wrong)
    _clear_counts(walk)
    if changed & set(say_back):
        walk.say(step.corrected, step)
    _after_answer(walk, step, form, say_back)


def _after_answer(
    walk: Walk, step: FormStep, form: OpenForm, say_back: tuple[str, ...] = ()
) -> None:
    if _go_on(walk, step, form, say_back):
        walk.run()


def _clear_counts(walk: Walk) -> None:
    """An answer: what led here is done, and the caller was understood."""
    counts = replace(walk.state.counts, noinput_here=0, nomatch_here=0, in_a_row=0, failures=0)
    walk.state = replace(walk.state, counts=counts, said=(), waiting=Waiting.INPUT)


def _confirmed(walk: Walk, step: FormStep, form: OpenForm, yes: bool) -> None:
    name = form.asking
    if not yes:
        walk.state = replace(walk.state, waiting=Waiting.INPUT)
        if name:
            walk.set(**{name: None})
            walk.put_form(unfilled(form, {name}))
            questions.nomatch(walk)
        else:
            walk.state = replace(walk.state, said=())
            questions.ask(walk, questions.question(walk))
        return
    _clear_counts(walk)
    if name:
        sure = tuple(other for other in form.unsure if other != name)
        _after_answer(walk, step, replace(form, unsure=sure))
        return
    walk.put_form(form)
    _complete(walk, step, {slot.name: slot for slot in needed_slots(step, walk.state.variables)})
    walk.run()


def _take_default(walk: Walk) -> bool:
    step, form, counts = _step(walk), walk.form, walk.state.counts
    slot = step.form.get(form.asking)
    if slot is None or walk.state.waiting is Waiting.CONFIRMATION:
        return False
    value = _evaluate(slot.default, walk.state.variables)
    if value is None or counts.noinput_here + counts.nomatch_here + 1 < DEFAULT_AFTER:
        return False
    walk.set(**{slot.name: value})
    _hide(walk, step, {slot.name: value})
    _clear_counts(walk)
    say_back = (slot.name,) if _is_said_back(slot) else ()
    _after_answer(walk, step, form, say_back)
    return True


# Other tasks, and back


def _aside(step: FormStep, heard: Heard, command: str | None) -> str | None:
    """The step of another task that the caller asks for."""
    if step.aside is None:
        return None
    route = Route(step.aside.steps, None)
    target = None
    if command is not None:
        target = route.target(command)
    elif heard.grammar in names_of(step.aside.grammar) or is_intent(heard):
        target = route.target(heard.semantics)
    return target.name if target is not None else None


def _leave_for_a_while(walk: Walk, target: str, heard: Heard) -> None:
    """Put the other task on top; its ``return`` comes back. Too deep a pile is left for good."""
    walk.set(answer=requests.remember(walk, heard))
    _clear_counts(walk)
    frames = walk.state.frames
    if len(frames) >= MAX_CALLS:
        questions.leave(walk, target)
        return
    walk.state = replace(walk.state, frames=(*frames, Frame(frames[-1].flow, target)))
    walk.run()


def _can_step_back(walk: Walk, form: OpenForm) -> bool:
    if walk.state.waiting is Waiting.CONFIRMATION and form.asking:
        return True
    return any(_given_before(walk, form))


def _given_before(walk: Walk, form: OpenForm) -> list[str]:
    variables = walk.state.variables
    return [name for name in form.asked if name != form.asking and variables.get(name) is not None]


def _step_back(walk: Walk, step: FormStep, form: OpenForm) -> None:
    """To the slot asked for before; from a confirmation, to the slot in question."""
    _clear_counts(walk)
    if form.asking in form.unsure:
        name, asked = form.asking, form.asked
    else:
        name = _given_before(walk, form)[-1]
        asked = form.asked[: len(form.asked) - form.asked[::-1].index(name) - 1]
    walk.set(**{name: None})
    _after_answer(walk, step, replace(unfilled(form, {name}), asked=asked))
