"""What is done with the answer to a question: it is taken, or asked back where it is not sure.

How questions are asked is in `flows.questions`.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.flows import requests
from voicebot.flows.events import FREE
from voicebot.flows.global_commands import obey
from voicebot.flows.questions import (
    ask,
    ask_to_confirm,
    begin,
    command_of,
    confirm_of,
    leave,
    question,
)
from voicebot.flows.references import Reference
from voicebot.flows.state import Waiting
from voicebot.flows.steps import AskStep
from voicebot.flows.trouble import nomatch
from voicebot.flows.walk import Walk
from voicebot.types import Heard


def open_question(walk: Walk, step: AskStep) -> bool:
    """Ask a question on entering its step, and listen. True where nothing was asked: the caller
    has said before what else they want, and the walk goes on with that."""
    heard = requests.take(walk, step)
    if heard is None:
        ask(walk, step)
        return False
    begin(walk)
    if _ask_back(walk, step, heard):
        return False
    walk.state = replace(walk.state, said=())
    target = _settle(walk, step, heard)
    walk.say(step.intents.further if step.intents is not None else (), step)
    walk.go(target.name)
    return True


def understand(walk: Walk, heard: Heard) -> None:
    """Take what the caller said: a command, a yes or no, or an answer."""
    step = question(walk)
    heard = requests.servable(step, heard)
    command = command_of(walk, step, heard)
    if command is not None:
        obey(walk, step, command)
    elif walk.state.waiting is Waiting.CONFIRMATION and isinstance(heard.semantics, bool):
        _confirmed(walk, step, heard.semantics)
    elif step.next.target(heard.semantics) is None:
        nomatch(walk)
    elif not _ask_back(walk, step, heard):
        _accept(walk, step, heard)


def _accept(walk: Walk, step: AskStep, heard: Heard) -> None:
    leave(walk, _settle(walk, step, heard).name)


def _settle(walk: Walk, step: AskStep, heard: Heard) -> Reference:
    """Take an answer; gives the step that it leads to."""
    meaning = requests.remember(walk, heard)
    walk.set(answer=meaning)
    if step.store is not None:
        walk.set(**{step.store: meaning})
    if step.sensitive:
        walk.hide(("answer",), (requests.WAITING,), *([(step.store,)] if step.store else []))
    before = walk.state.counts
    unsettled = before if heard.grammar == FREE else None
    walk.state = replace(walk.state, counts=before.answered(), unsettled=unsettled)
    target = step.next.target(meaning)
    assert target is not None, "an answer without a way is a nomatch"
    return target


def _ask_back(walk: Walk, step: AskStep, heard: Heard) -> bool:
    """Ask whether this was meant, where it is not sure enough."""
    confirm = confirm_of(step, heard)
    if confirm is None or (confirm.below is not None and heard.confidence >= confirm.below):
        return False
    walk.state = replace(walk.state, pending=heard, waiting=Waiting.CONFIRMATION)
    walk.set(answer=heard.semantics)
    if step.sensitive:
        walk.hide(("answer",))
    ask_to_confirm(walk, confirm)
    return True


def _confirmed(walk: Walk, step: AskStep, yes: bool) -> None:
    pending = walk.state.pending
    assert pending is not None, "a confirmation waits for an answer that was given"
    if yes:
        _accept(walk, step, pending)
        return
    walk.state = replace(walk.state, waiting=Waiting.INPUT, pending=None)
    nomatch(walk)
