"""Forms: several things to know, asked for one by one, given in any order.

The standard is VoiceXML 2.1's form interpretation algorithm (2.0, appendix C): choose the first
slot that is missing and whose condition holds, ask and listen, fill what was said, begin again.
Beyond it, all slots are open at every question, not only the one asked for; a value may be
corrected at any time and is then said back; confirming goes by confidence; and a caller may leave
for another task, which returns here. Left out: VoiceXML's initial item (a question before the
slots' own is a form-level grammar and the first slot's wording), subdialogs as form items (a call
step does that) and ``<filled>`` handlers (the step that follows branches).

What was said is taken here; how a form goes on is in `flows.form_progress`.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.flows import global_commands, questions, requests, trouble
from voicebot.flows.form_answers import FormAnswer, filled_in, names_of, read_answer, unfilled
from voicebot.flows.form_model import DEFAULT_AFTER
from voicebot.flows.form_progress import (
    after_answer,
    clear_counts,
    complete,
    hide,
    is_said_back,
)
from voicebot.flows.form_questions import needed_slots
from voicebot.flows.references import Route
from voicebot.flows.requests import is_intent
from voicebot.flows.state import Frame, OpenForm, Waiting
from voicebot.flows.steps import FormStep
from voicebot.flows.template import evaluated
from voicebot.flows.walk import MAX_CALLS, Walk
from voicebot.types import Heard


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
        global_commands.obey(walk, view, command)
    elif walk.state.waiting is Waiting.CONFIRMATION and isinstance(heard.semantics, bool):
        _confirmed(walk, step, form, heard.semantics)
    else:
        _take(walk, step, form, read_answer(step, form, heard), heard.confidence)


def noinput(walk: Walk) -> None:
    """The caller was silent: the slot's default after some times, else as at any question."""
    if not _take_default(walk):
        trouble.noinput(walk)


def nomatch(walk: Walk) -> None:
    """The same for words that are no answer."""
    if not _take_default(walk):
        trouble.nomatch(walk)


def _step(walk: Walk) -> FormStep:
    step = walk.step
    assert isinstance(step, FormStep)
    return step


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
    hide(walk, step, answer.filled)
    form = unfilled(form, wrong)
    clear_counts(walk)
    if changed & set(say_back):
        walk.say(step.corrected, step)
    after_answer(walk, step, form, say_back)


def _confirmed(walk: Walk, step: FormStep, form: OpenForm, yes: bool) -> None:
    name = form.asking
    if not yes:
        walk.state = replace(walk.state, waiting=Waiting.INPUT)
        if name:
            walk.set(**{name: None})
            walk.put_form(unfilled(form, {name}))
            trouble.nomatch(walk)
        else:
            walk.state = replace(walk.state, said=())
            questions.ask(walk, questions.question(walk))
        return
    clear_counts(walk)
    if name:
        sure = tuple(other for other in form.unsure if other != name)
        after_answer(walk, step, replace(form, unsure=sure))
        return
    walk.put_form(form)
    complete(walk, step, {slot.name: slot for slot in needed_slots(step, walk.state.variables)})
    walk.run()


def _take_default(walk: Walk) -> bool:
    step, form, counts = _step(walk), walk.form, walk.state.counts
    slot = step.form.get(form.asking)
    if slot is None or walk.state.waiting is Waiting.CONFIRMATION:
        return False
    value = evaluated(slot.default, walk.state.variables)
    if value is None or counts.noinput_here + counts.nomatch_here + 1 < DEFAULT_AFTER:
        return False
    walk.set(**{slot.name: value})
    hide(walk, step, {slot.name: value})
    clear_counts(walk)
    say_back = (slot.name,) if is_said_back(slot) else ()
    after_answer(walk, step, form, say_back)
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
    clear_counts(walk)
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
    clear_counts(walk)
    if form.asking in form.unsure:
        name, asked = form.asking, form.asked
    else:
        name = _given_before(walk, form)[-1]
        asked = form.asked[: len(form.asked) - form.asked[::-1].index(name) - 1]
    walk.set(**{name: None})
    after_answer(walk, step, replace(unfilled(form, {name}), asked=asked))
