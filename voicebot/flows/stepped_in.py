"""A supervisor stepped in while the bot had the contact, and has left, or nobody took it. Pure.

Flows know nothing of it and need no step for it: the variable `transfer` says what happened, as
after a transfer of the flow's own, and the question that was under way is asked again.
"""

from __future__ import annotations

from dataclasses import replace

from voicebot.flows import meanwhile, questions
from voicebot.flows.events import TransferRefused, TransferReturned
from voicebot.flows.steps import TransferStep
from voicebot.flows.walk import Walk


def returned(walk: Walk, event: TransferReturned) -> None:
    """The contact has talked to a person, and is the flow's again."""
    walk.state = replace(walk.state, handed_over=True)
    talked(walk, event)
    _go_on(walk)


def talked(walk: Walk, event: TransferReturned) -> None:
    """What flows know of a conversation with a person."""
    walk.set(transfer={"seconds": round(event.seconds), "left": event.left, "to": event.to})


def refused(walk: Walk, event: TransferRefused) -> None:
    """The queue that a supervisor chose took nobody."""
    walk.set(problem=event.problem)
    walk.state = replace(walk.state, offers=replace(walk.state.offers, nobody_free=True))
    unavailable(walk, event)
    _go_on(walk)


def unavailable(walk: Walk, event: TransferRefused) -> None:
    """What flows know of a queue that sent the contact away."""
    if event.why:
        walk.set(transfer={"why": event.why, "to": event.to, "opens": event.opens or None})


def _go_on(walk: Walk) -> None:
    if isinstance(walk.step, TransferStep):
        # They were asked whether they still want a person, and have not said no.
        meanwhile.answered(walk, None)
        return
    questions.ask_again(walk)
