"""Commands that work at every question: help, repeat, back, and those that the flow names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicebot.flows import trouble
from voicebot.flows.questions import ask_again, ask_to_confirm, confirming, leave, listen, question
from voicebot.flows.state import Waiting
from voicebot.flows.steps import AskStep, FormStep
from voicebot.flows.walk import Walk


def obey(walk: Walk, step: AskStep, command: str) -> None:
    """Do what was commanded at the question ``step``."""
    counts = replace(walk.state.counts, in_a_row=0, failures=0)
    walk.state = replace(walk.state, counts=counts)
    if isinstance(step.commands, Mapping) and command in step.commands:
        leave(walk, step.commands[command].name)
        return
    found = walk.nearest(lambda flow: flow.commands)
    if found is not None and command in found[1].steps:
        leave(walk, found[1].steps[command].name, found[0])
    elif found is not None and command in found[1].languages:
        _ask_in_language(walk, found[1].languages[command].language)
    elif command == "repeat":
        ask_again(walk)
    elif command == "help":
        trouble.say_other_words(walk, step.help, walk.nearest(lambda flow: flow.help), 1)
    elif command == "back":
        _go_back(walk)
    else:
        trouble.nomatch(walk)


def _ask_in_language(walk: Walk, language: str) -> None:
    """Ask the present question in another language; what was understood so far stays."""
    walk.change_language(language)
    step = question(walk)
    if (confirm := confirming(walk, step)) is not None:
        ask_to_confirm(walk, confirm)
    else:
        walk.say(step.ask, step)
        listen(walk, step)


def _go_back(walk: Walk) -> None:
    """To the question before this one; from a confirmation, to its question."""
    questions = walk.state.questions
    if walk.state.waiting is not Waiting.CONFIRMATION and len(questions) > 1:
        questions = questions[:-1]
    walk.state = replace(walk.state, questions=questions, frames=questions[-1])
    if isinstance(step := walk.step, FormStep) and walk.open_form_here is None:
        _reopen(walk, step)
    leave(walk, questions[-1][-1].step)


def _reopen(walk: Walk, step: FormStep) -> None:
    """Of a form that was complete, ask again for what came last."""
    given = [name for name in step.form if walk.state.variables.get(name) is not None]
    if given:
        walk.set(**{given[-1]: None})
